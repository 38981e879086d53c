"""Adapters to AWS, the only place with boto3: S3, DynamoDB, SQS, Kinesis, EventBridge and Lambda."""
