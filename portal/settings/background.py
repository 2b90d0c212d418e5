"""Work in the background: the broker, what runs on a clock, and the figures of delivering and asking."""

from typing import Any

from celery.schedules import crontab, schedule
from kombu import Queue

from portal.settings.environment import REDIS_URL, TIME_ZONE, VAR_DIR, env

CELERY_BROKER_URL = REDIS_URL or "filesystem://"
if not REDIS_URL:
    CELERY_BROKER_TRANSPORT = "portal.lib.filebroker:Transport"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    {
        "visibility_timeout": 120,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": 1,
    }
    if REDIS_URL
    else {
        "data_folder_in": str(VAR_DIR / "broker"),
        "data_folder_out": str(VAR_DIR / "broker"),
        "control_folder": str(VAR_DIR / "broker"),
        "polling_interval": 0.2,
    }
)
# A worker takes from both in turn: thousands of questions to departments do not keep one submission waiting.
CELERY_TASK_QUEUES = [Queue("celery"), Queue("questions")]
CELERY_TASK_ROUTES = {
    "services.cases.tasks.ask_status": {"queue": "questions"},
    "services.subscriptions.tasks.send_event": {"queue": "questions"},
    "services.adapters.timetable.keep_contracts": {"queue": "questions"},
    "cms.timetable.check_links": {"queue": "questions"},
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE: dict[str, Any] = {
    "sweep-deliveries": {
        "task": "services.cases.timetable.sweep_deliveries",
        "schedule": schedule(env.float("SWEEP_SECONDS", default=10.0)),
        "options": {"expires": 10},
    },
    "sweep-inbound-events": {
        "task": "services.cases.timetable.sweep_inbound_events",
        "schedule": schedule(10.0),
        "options": {"expires": 10},
    },
    "sweep-polls": {
        "task": "services.cases.timetable.sweep_polls",
        "schedule": schedule(env.float("SWEEP_SECONDS", default=10.0)),
        "options": {"expires": 10},
    },
    "read-timelines": {
        "task": "services.subscriptions.timetable.read_timelines",
        "schedule": schedule(env.float("EVENT_SWEEP_SECONDS", default=5.0)),
        "options": {"expires": 10},
    },
    "keep-contracts": {
        "task": "services.adapters.timetable.keep_contracts",
        "schedule": crontab(hour="1-4", minute=20),
        "options": {"expires": 3000},
    },
    "settle-windows": {
        "task": "services.adapters.timetable.settle_windows",
        "schedule": schedule(60.0),
        "options": {"expires": 50},
    },
    "forget-old-exchanges": {
        "task": "services.adapters.timetable.forget_old",
        "schedule": crontab(hour=3, minute=50),
        "options": {"expires": 3600},
    },
    "forget-old-events": {
        "task": "services.subscriptions.timetable.forget_old_events",
        "schedule": crontab(hour=3, minute=40),
        "options": {"expires": 3600},
    },
    "warn-of-expiring-secrets": {
        "task": "services.adapters.timetable.warn_of_expiring_secrets",
        "schedule": crontab(hour=7, minute=10),
        "options": {"expires": 3600},
    },
    "adopt-polls": {
        "task": "services.cases.timetable.adopt_polls",
        "schedule": schedule(3600.0),
        "options": {"expires": 3600},
    },
    "send-messages": {
        "task": "services.notifications.timetable.send_due_messages",
        "schedule": schedule(10.0),
        "options": {"expires": 10},
    },
    "tell-logouts": {
        "task": "accounts.timetable.tell_due_logouts",
        "schedule": schedule(10.0),
        "options": {"expires": 10},
    },
    "send-account-notices": {
        "task": "accounts.timetable.send_due_notices",
        "schedule": schedule(30.0),
        "options": {"expires": 30},
    },
    "send-invitations": {
        "task": "services.catalogue.timetable.send_due_invitations",
        "schedule": schedule(30.0),
        "options": {"expires": 30},
    },
    "count-pages": {
        "task": "cms.timetable.count_pages",
        "schedule": crontab(hour=0, minute=15),
        "options": {"expires": 3600},
    },
    "turn-notices": {
        "task": "services.catalogue.timetable.turn_notices",
        "schedule": schedule(20.0),
        "options": {"expires": 20},
    },
    "forget-searches": {
        "task": "services.catalogue.timetable.forget_searches",
        "schedule": crontab(hour=3, minute=35),
        "options": {"expires": 3600},
    },
    "send-codes": {
        "task": "accounts.timetable.send_due_codes",
        "schedule": schedule(10.0),
        "options": {"expires": 10},
    },
    "forget-old-guesses": {
        "task": "accounts.timetable.forget_old_guesses",
        "schedule": crontab(hour=3, minute=20),
        "options": {"expires": 3600},
    },
    "end-gone-sessions": {
        "task": "accounts.timetable.end_gone_sessions",
        "schedule": schedule(300.0),
        "options": {"expires": 300},
    },
    "forget-old-grants": {
        "task": "accounts.timetable.forget_old_grants",
        "schedule": crontab(hour=3, minute=10),
        "options": {"expires": 3600},
    },
    "check-connections": {
        "task": "services.adapters.timetable.check_connections",
        "schedule": schedule(30.0),
        "options": {"expires": 30},
    },
    "expire-drafts": {
        "task": "services.cases.timetable.expire_drafts",
        "schedule": schedule(3600.0),
        "options": {"expires": 3600},
    },
    "check-catalogue": {
        "task": "cms.timetable.check_catalogue",
        "schedule": crontab(hour=2, minute=40),
        "options": {"expires": 3600},
    },
    "publish-due-pages": {
        "task": "cms.timetable.publish_due",
        "schedule": schedule(env.float("PUBLISH_SECONDS", default=60.0)),
        "options": {"expires": 60},
    },
    "check-links": {
        "task": "cms.timetable.check_links",
        "schedule": crontab(hour="1-4", minute=5),
        "options": {"expires": 3000},
    },
    "keep-rights": {
        "task": "cms.timetable.keep_rights",
        "schedule": crontab(hour=2, minute=30),
        "options": {"expires": 3600},
    },
    "remind-of-old-pages": {
        "task": "cms.timetable.remind",
        "schedule": crontab(hour=7, minute=20),
        "options": {"expires": 3600},
    },
}

# --- carrying cases to departments, and asking about them ------------------------------------------------------------
DELIVERY_CALL_SECONDS = env.float("DELIVERY_CALL_SECONDS", default=30.0)
DELIVERY_LEASE_SECONDS = env.float("DELIVERY_LEASE_SECONDS", default=45.0)
# A system that holds every slot this long without an answer is treated as down, before its calls end.
DELIVERY_HUNG_SECONDS = env.float("DELIVERY_HUNG_SECONDS", default=8.0)
DELIVERY_BACKOFF_CAP_SECONDS = env.float("DELIVERY_BACKOFF_CAP_SECONDS", default=900.0)
DELIVERY_WAKE_SILENCE_SECONDS = env.float("DELIVERY_WAKE_SILENCE_SECONDS", default=30.0)
DELIVERY_GIVE_UP_SECONDS = 72 * 3600
DELIVERY_GIVE_UP_TRIES = 20
# Departments that do not tell us by themselves are asked: soon after something happened, then after a share of the time
# since the last movement, between the shortest and the longest wait; so many cases of one connection a sweep.
POLL_SHORTEST_SECONDS = env.float("POLL_SHORTEST_SECONDS", default=60.0)
POLL_LONGEST_SECONDS = env.float("POLL_LONGEST_SECONDS", default=4 * 3600.0)
POLL_AGE_SHARE = env.float("POLL_AGE_SHARE", default=0.1)
POLL_CALL_SECONDS = env.float("POLL_CALL_SECONDS", default=10.0)
POLL_ROWS = env.int("POLL_ROWS", default=20)
# Events to whom has subscribed: how long one call may take, the longest wait between tries, how long it is tried at all, and
# how many calls may be under way at once over all processes.
EVENT_CALL_SECONDS = env.float("EVENT_CALL_SECONDS", default=10.0)
EVENT_BACKOFF_CAP_SECONDS = env.float("EVENT_BACKOFF_CAP_SECONDS", default=3600.0)
EVENT_GIVE_UP_SECONDS = 72 * 3600
EVENT_SLOTS = env.int("EVENT_SLOTS", default=4)
# A worker that has run nothing for so long although a delivery is due ends itself, and is started again.
WORKER_SILENCE_SECONDS = env.float("WORKER_SILENCE_SECONDS", default=30.0)
WORKER_THREADS = env.int("WORKER_THREADS", default=8)
WEB_THREADS = env.int("WEB_THREADS", default=16)
