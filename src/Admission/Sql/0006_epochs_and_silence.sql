-- When an epoch was last thought of: no two are of the same millisecond, and none is older than one that was entered.
ALTER TABLE admission.shared_epoch ADD COLUMN thought_at timestamptz NOT NULL DEFAULT now();

-- Until when a node counts as live although it is silent: nobody could say that it lived while the register was away.
ALTER TABLE admission.node ADD COLUMN waited_for_until timestamptz;
