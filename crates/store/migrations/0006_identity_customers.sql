CREATE TABLE customers (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  display_name TEXT NOT NULL,
  given_name TEXT NOT NULL,
  family_name TEXT NOT NULL,
  patronymic TEXT NOT NULL,
  search_key TEXT NOT NULL,      -- basis::fold of the names
  sort_key TEXT NOT NULL,        -- basis::collation_key of family + given name
  language TEXT,                 -- by the person's own spelling: ru, uk, en; NULL = not known
  birth_date TEXT,
  city TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE INDEX customers_sort ON customers (workspace_id, sort_key, id);

-- Which person a record belongs to now.
CREATE TABLE record_customers (
  workspace_id BIGINT NOT NULL,
  record_id BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, record_id)
);
CREATE INDEX record_customers_customer ON record_customers (workspace_id, customer_id);

-- Every id a customer ever had; an id that was merged away points at the one that lives on.
CREATE TABLE customer_aliases (
  workspace_id BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,
  current_id BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, customer_id)
);
CREATE INDEX customer_aliases_current ON customer_aliases (workspace_id, current_id);

CREATE TABLE contact_points (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,
  kind TEXT NOT NULL,            -- phone, email, telegram …
  value TEXT NOT NULL,           -- E.164, canonical e-mail
  source_id BIGINT NOT NULL,
  first_seen BIGINT NOT NULL,
  last_seen BIGINT NOT NULL,
  seen BIGINT NOT NULL,          -- in how many records
  preferred BOOLEAN NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE INDEX contact_points_customer ON contact_points (workspace_id, customer_id);
CREATE INDEX contact_points_value ON contact_points (workspace_id, kind, value);

CREATE TABLE addresses (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,
  text TEXT NOT NULL,
  city TEXT NOT NULL,
  match_key TEXT NOT NULL,
  pickup BOOLEAN NOT NULL,       -- a branch, nobody's home
  first_seen BIGINT NOT NULL,
  last_seen BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE INDEX addresses_customer ON addresses (workspace_id, customer_id);

-- Why records are together, for the card and for undo.
CREATE TABLE merges (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,   -- the one that lives on
  merged_id BIGINT NOT NULL,     -- the one that went into it (0 for the founding of a card by the engine)
  record_a BIGINT NOT NULL,
  record_b BIGINT NOT NULL,
  weight DOUBLE PRECISION NOT NULL,
  probability DOUBLE PRECISION NOT NULL,
  reasons TEXT NOT NULL,         -- JSON: [{field, level, weight, a, b}]
  kind TEXT NOT NULL,            -- what was found: same_phone, language, typo, …
  made_by TEXT NOT NULL,         -- engine, user
  actor_id BIGINT NOT NULL,
  at BIGINT NOT NULL,
  undone_at BIGINT,
  PRIMARY KEY (workspace_id, id)
);
CREATE INDEX merges_customer ON merges (workspace_id, customer_id);

CREATE TABLE review_pairs (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  record_a BIGINT NOT NULL,
  record_b BIGINT NOT NULL,
  customer_a BIGINT NOT NULL,
  customer_b BIGINT NOT NULL,
  weight DOUBLE PRECISION NOT NULL,
  probability DOUBLE PRECISION NOT NULL,
  reasons TEXT NOT NULL,
  value_minor BIGINT NOT NULL,   -- what both customers spent: the queue's order
  state TEXT NOT NULL,           -- open, merged, apart
  decided_by BIGINT,
  decided_at BIGINT,
  PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX review_pairs_records ON review_pairs (workspace_id, record_a, record_b);
CREATE INDEX review_pairs_open ON review_pairs (workspace_id, state, value_minor);

-- Decisions of people; they survive every re-run.
CREATE TABLE manual_links (
  workspace_id BIGINT NOT NULL,
  record_a BIGINT NOT NULL,
  record_b BIGINT NOT NULL,
  must BOOLEAN NOT NULL,         -- true: one person; false: two
  made_by BIGINT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, record_a, record_b)
);

-- Erased people: a keyed hash of each record's key, so that the same file does not bring them back.
CREATE TABLE tombstones (
  workspace_id BIGINT NOT NULL,
  hash TEXT NOT NULL,
  erased_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, hash)
);
