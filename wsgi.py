"""For WSGI servers: ``application`` with the settings of the environment."""

from survey.app import create_app
from survey.memory import close_memory, overwrite_freed_memory

close_memory()
overwrite_freed_memory()
application = create_app()
