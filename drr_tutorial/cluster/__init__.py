"""Work past one machine, on Ray: rows of studies, sweeps over settings, lists for all users. The extra is `cluster`."""
