"""For WSGI servers: ``application`` with the settings of the environment."""

from survey.app import create_app

application = create_app()
