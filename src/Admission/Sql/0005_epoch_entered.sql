-- When a node last began to work with the epoch: one that was thought of before that is over.
ALTER TABLE admission.shared_epoch ADD COLUMN entered_at timestamptz NOT NULL DEFAULT now();
