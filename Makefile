# Layanan Kota. `make help` lists the targets; each sets up what it needs.
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
export UV_PYTHON_DOWNLOADS := never
export PORT
# Where Python may not keep what it compiled, each of the many processes that are started compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run full full-stop full-status full-logs full-restart faults adapter packages test test-postgres test-full bench ci lint types contracts migrations openapi templates docker-lint lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

.venv/installed: requirements.lock
	@start=$$(date +%s); echo "Python environment ..."; \
	test -x $(BIN)/python || $(PYTHON) -m venv .venv; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv && \
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock && \
	touch .venv/installed && echo "  done in $$(( $$(date +%s) - start )) s"

run: .venv/installed ## the whole portal with a demo city on http://localhost:$PORT
	@DEMO=1 exec $(BIN)/python manage.py launch --port $(PORT)

full: .venv/installed ## the same portal on PostgreSQL and Redis, with nginx in front, on https://localhost:8443
	@exec $(BIN)/python -m portal.stack up

full-stop: ## end `make full` from another terminal
	@$(BIN)/python -m portal.stack stop

full-status: ## processes of `make full` and what /readyz says
	@$(BIN)/python -m portal.stack status

full-logs: ## follow its logs; NAME=web for one process
	@$(BIN)/python -m portal.stack logs $(NAME)

full-restart: ## restart one of its processes: NAME=worker-1
	@$(BIN)/python -m portal.stack restart $(NAME)

faults: .venv/installed ## the fault matrix at full repetition and 10,000 submissions under random faults (about an hour)
	@$(BIN)/python -m tests.faults --times 20 --storm 10000 --report docs/reference/faults.md

adapter: .venv/installed ## files of a new adapter kind, with failing tests: name=my_kind
	@$(BIN)/python manage.py adapter_kind "$(name)"

packages: .venv/installed ## install the servers of `make full` from Debian's packages (root)
	@$(BIN)/python -m portal.stack packages

test: .venv/installed ## the whole test suite; what cannot run here is skipped by name
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadscope

bench: .venv/installed ## ratios against floors and a Wagtail site, about 10 minutes; QUICK=1 takes 3
	@$(BIN)/python -m tests.bench

test-postgres: .venv/installed ## the suite without browser and killing, on a PostgreSQL of its own
	@$(BIN)/python -m portal.stack with-postgres $(BIN)/python -m pytest --numprocesses 2 --dist loadscope -m "not journey and not kill"

test-full: .venv/installed ## the walk of a resident on the full stack, and each of its processes killed
	@JOURNEYS_ON=full $(BIN)/python -m pytest -m journey tests/journeys/test_applying.py tests/journeys/test_full_stack.py tests/journeys/test_old_app.py

ci: .venv/installed lint types contracts templates translations migrations openapi docker-lint test test-postgres test-full ## what CI runs

lint: .venv/installed ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/installed ## mypy
	$(BIN)/mypy .

contracts: .venv/installed ## import contracts (docs/architecture.md)
	$(BIN)/lint-imports

templates: .venv/installed ## template linter
	@git ls-files 'templates/*.html' | xargs $(BIN)/djade --check --target-version 5.2

messages: .venv/installed ## collect the visible words into the English catalogue and compile it (needs gettext)
	@$(BIN)/python manage.py messages

translations: .venv/installed ## every visible word has its English
	@$(BIN)/python manage.py messages --check

migrations: .venv/installed ## no model without its migration; production settings pass the deploy check
	$(BIN)/python manage.py makemigrations --check --dry-run
	@$(BIN)/python docker/check_production.py

openapi: .venv/installed ## the committed OpenAPI file says what the code does
	@mkdir -p var && $(BIN)/python manage.py spectacular --validate --fail-on-warn --file var/openapi.yaml
	@diff -u docs/openapi/v1.yaml var/openapi.yaml || (echo "Run: cp var/openapi.yaml docs/openapi/v1.yaml"; exit 1)

docker-lint: .venv/installed ## docker files
	$(BIN)/yamllint -d '{extends: relaxed, rules: {line-length: {max: 140}}}' docker/compose.yml
	@$(BIN)/python docker/lint.py

lock: .venv/installed ## write requirements.lock anew
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 pyproject.toml --group dev -o requirements.lock

clean: ## remove the environment and the demo's data
	rm -rf .venv var
