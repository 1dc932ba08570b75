-- Everything that came in and waits for a person, whatever way it came; a case is one too.
CREATE TABLE care_items (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  kind TEXT NOT NULL,            -- mention, review, reply, callback, case
  channel TEXT NOT NULL,         -- social, review, email, sms, call, letter, other
  ref_id BIGINT NOT NULL,        -- what it was made of: row of inbound, call task; else its own id
  customer_id BIGINT,
  author TEXT NOT NULL,          -- who it is while the customer is unknown
  topic TEXT NOT NULL,           -- delivery, product, service, price, payment, return, site, other, or empty
  text TEXT NOT NULL,
  came_at BIGINT NOT NULL,       -- campaign clock, as all times of this table
  due_at BIGINT NOT NULL,
  status TEXT NOT NULL,          -- new, in_work, answered, closed
  owner_id BIGINT,               -- user
  answered_at BIGINT,            -- the first answer
  answered_by BIGINT,
  answer TEXT NOT NULL,
  closed_at BIGINT,
  outcome TEXT NOT NULL,         -- solved, not_solved, needless, mistake, or empty
  resolution TEXT NOT NULL,
  severity TEXT NOT NULL,        -- low, normal, high
  compensation TEXT NOT NULL,
  order_id BIGINT,
  employee TEXT NOT NULL,
  parent_id BIGINT,              -- of a case: the mention it was opened for
  case_id BIGINT,                -- of a mention: its case, which stands for it in the inbox
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX care_items_ref ON care_items (workspace_id, kind, ref_id);
CREATE INDEX care_items_due ON care_items (workspace_id, due_at) WHERE status <> 'closed';
CREATE INDEX care_items_customer ON care_items (workspace_id, customer_id) WHERE customer_id IS NOT NULL;

-- What the outside said of the shop; the row of care_items has the same id.
CREATE TABLE mentions (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  platform TEXT NOT NULL,
  external_id TEXT NOT NULL,
  profile TEXT NOT NULL,         -- network:name, as contact_points of kind social
  email TEXT NOT NULL,
  phone TEXT NOT NULL,
  url TEXT NOT NULL,
  rating BIGINT,                 -- 1 to 5
  product TEXT NOT NULL,
  order_number TEXT NOT NULL,
  negative TEXT NOT NULL,        -- rating, person, not (a person said so), or empty
  linked_by TEXT NOT NULL,       -- contact, person, or empty
  source TEXT NOT NULL,          -- the file's name, api, hand
  PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX mentions_external ON mentions (workspace_id, platform, external_id);

-- Append only: who changed what.
CREATE TABLE care_changes (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  item_id BIGINT NOT NULL,
  at BIGINT NOT NULL,
  actor_kind TEXT NOT NULL,
  actor_id BIGINT NOT NULL,
  field TEXT NOT NULL,
  before TEXT NOT NULL,
  after TEXT NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE INDEX care_changes_of ON care_changes (workspace_id, item_id);

CREATE TABLE care_settings (
  workspace_id BIGINT NOT NULL,
  settings TEXT NOT NULL,        -- JSON
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id)
);

CREATE INDEX inbound_replies ON inbound (workspace_id, received_at) WHERE kind = 'reply';
