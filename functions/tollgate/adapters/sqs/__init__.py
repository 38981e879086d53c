"""SQS: the queue of files and the dead-letter queue."""
