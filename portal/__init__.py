"""The shell: wires everything, decides nothing.

The Celery application is imported here so that `shared_task.delay` in the web process knows our broker.
"""

from portal.celery import app as celery_app

__all__ = ["__version__", "celery_app"]
__version__ = "0.1.0"
