"""The way of input videos and sounds into a job."""
