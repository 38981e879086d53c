"""The only place with boto3: objects in S3, histories and decisions in DynamoDB."""
