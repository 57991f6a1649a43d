"""The four doors of the application. Adapters and fakes inherit them; each has one contract suite."""
