"""The handlers run in this process, and Mangum needs an event loop there."""

from tests.event_loop import event_loop_of_the_process  # noqa: F401 - a fixture
