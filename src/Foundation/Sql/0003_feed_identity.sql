-- Whose versions these are: a node that kept a snapshot on its disk tells by it that it meets the same feed again and not that of another database.
ALTER TABLE foundation.change_horizon ADD COLUMN feed uuid NOT NULL DEFAULT gen_random_uuid();
