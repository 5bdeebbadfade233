// The tape's decisions, free of sockets, threads and clocks: staging, ingest, ordering, commit, the topics' logs, serving.

export {};
