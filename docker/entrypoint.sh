#!/bin/sh
# web | worker | beat | migrate | backup [--keep N] | any other command
set -eu
case "${1:-web}" in
    web)
        exec python -m granian --interface wsgi --host 0.0.0.0 --port 8000 --workers "${WEB_WORKERS:-2}" \
            --blocking-threads "${WEB_THREADS:-32}" --respawn-failed-workers --no-ws portal.wsgi:application ;;
    worker)
        exec python -m celery -q -A portal worker --pool threads --concurrency "${WORKER_THREADS:-16}" \
            --loglevel WARNING --without-gossip --without-mingle --without-heartbeat ;;
    beat)
        exec python -m celery -q -A portal beat --scheduler celery.beat:Scheduler --loglevel WARNING ;;
    migrate)
        DATABASE_STATEMENT_SECONDS=0 python manage.py migrate --noinput
        exec python manage.py collectstatic --noinput ;;
    backup)
        shift
        exec python manage.py backup /backups "$@" ;;
    *)
        exec "$@" ;;
esac
