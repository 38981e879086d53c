"""DynamoDB: decisions, histories and the state of batches."""
