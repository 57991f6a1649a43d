"""Low-rank adapters: found on the disk or the Hub, read, kept in the transformer, applied for one stage of a job."""
