-- The page that explains how to use what is of this category; NULL = nothing to explain.
ALTER TABLE categories ADD COLUMN guide_url TEXT;
