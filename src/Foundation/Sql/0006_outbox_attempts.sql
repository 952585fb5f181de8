-- What a handler failed on and tries again is found by itself, wherever its place in the outbox is (decision 0045). A file of its own, as 0007 is: each of them locks one table, so that it cannot stand
-- crosswise with a node that works.
CREATE INDEX handled_next_attempt ON foundation.handled (handler, next_attempt_at) WHERE handled_at IS NULL;
