"""The Tollgate API as the dashboard uses it: client, connection, detector and errors."""
