"""Fakes of the AWS services that the adapters call, in memory: DynamoDB, S3, SQS, Kinesis and EventBridge.

They stand below boto3's clients, which build, sign and read their messages as they do in AWS (`aws.py`). What they
answer is held to what the emulator answers by one suite of tests that runs on both (`tests/contract`).
"""
