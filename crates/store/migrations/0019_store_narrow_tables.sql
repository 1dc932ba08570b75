-- Narrow tables that an import fills by the million live in the b-tree of their primary key: a third less to write and to keep
-- than a table beside it. What stands in a comment that begins with the engine's name is for that engine alone; PostgreSQL has
-- its heap and needs nothing.
/*sqlite
ALTER TABLE orders RENAME TO orders_heap;
CREATE TABLE orders (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  record_id BIGINT NOT NULL,
  source_id BIGINT NOT NULL,
  number TEXT NOT NULL,
  ordered_at BIGINT NOT NULL,
  day BIGINT NOT NULL,
  delivered_day BIGINT,
  status TEXT NOT NULL,
  status_text TEXT NOT NULL,
  amount_minor BIGINT NOT NULL,
  currency TEXT NOT NULL,
  PRIMARY KEY (workspace_id, id)
) WITHOUT ROWID;
INSERT INTO orders (workspace_id, id, record_id, source_id, number, ordered_at, day, delivered_day, status, status_text, amount_minor, currency)
  SELECT workspace_id, id, record_id, source_id, number, ordered_at, day, delivered_day, status, status_text, amount_minor, currency FROM orders_heap ORDER BY workspace_id, id;
DROP TABLE orders_heap;
CREATE UNIQUE INDEX orders_record ON orders (workspace_id, record_id);
CREATE INDEX orders_day ON orders (workspace_id, day);
ALTER TABLE order_lines RENAME TO order_lines_heap;
CREATE TABLE order_lines (
  workspace_id BIGINT NOT NULL,
  order_id BIGINT NOT NULL,
  line_no BIGINT NOT NULL,
  product_id BIGINT NOT NULL,
  quantity BIGINT NOT NULL,
  amount_minor BIGINT,
  PRIMARY KEY (workspace_id, order_id, line_no)
) WITHOUT ROWID;
INSERT INTO order_lines (workspace_id, order_id, line_no, product_id, quantity, amount_minor)
  SELECT workspace_id, order_id, line_no, product_id, quantity, amount_minor FROM order_lines_heap ORDER BY workspace_id, order_id, line_no;
DROP TABLE order_lines_heap;
CREATE INDEX order_lines_product ON order_lines (workspace_id, product_id);
ALTER TABLE customers RENAME TO customers_heap;
CREATE TABLE customers (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  display_name TEXT NOT NULL,
  given_name TEXT NOT NULL,
  family_name TEXT NOT NULL,
  patronymic TEXT NOT NULL,
  search_key TEXT NOT NULL,
  sort_key TEXT NOT NULL,
  language TEXT,
  birth_date TEXT,
  city TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id)
) WITHOUT ROWID;
INSERT INTO customers (workspace_id, id, display_name, given_name, family_name, patronymic, search_key, sort_key, language, birth_date, city, created_at, updated_at)
  SELECT workspace_id, id, display_name, given_name, family_name, patronymic, search_key, sort_key, language, birth_date, city, created_at, updated_at FROM customers_heap ORDER BY workspace_id, id;
DROP TABLE customers_heap;
CREATE INDEX customers_sort ON customers (workspace_id, sort_key, id);
ALTER TABLE record_customers RENAME TO record_customers_heap;
CREATE TABLE record_customers (
  workspace_id BIGINT NOT NULL,
  record_id BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, record_id)
) WITHOUT ROWID;
INSERT INTO record_customers (workspace_id, record_id, customer_id)
  SELECT workspace_id, record_id, customer_id FROM record_customers_heap ORDER BY workspace_id, record_id;
DROP TABLE record_customers_heap;
CREATE INDEX record_customers_customer ON record_customers (workspace_id, customer_id);
ALTER TABLE contact_points RENAME TO contact_points_heap;
CREATE TABLE contact_points (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,
  kind TEXT NOT NULL,
  value TEXT NOT NULL,
  source_id BIGINT NOT NULL,
  first_seen BIGINT NOT NULL,
  last_seen BIGINT NOT NULL,
  seen BIGINT NOT NULL,
  preferred BOOLEAN NOT NULL,
  PRIMARY KEY (workspace_id, id)
) WITHOUT ROWID;
INSERT INTO contact_points (workspace_id, id, customer_id, kind, value, source_id, first_seen, last_seen, seen, preferred)
  SELECT workspace_id, id, customer_id, kind, value, source_id, first_seen, last_seen, seen, preferred FROM contact_points_heap ORDER BY workspace_id, id;
DROP TABLE contact_points_heap;
CREATE INDEX contact_points_customer ON contact_points (workspace_id, customer_id);
CREATE INDEX contact_points_value ON contact_points (workspace_id, kind, value);
ALTER TABLE customer_aliases RENAME TO customer_aliases_heap;
CREATE TABLE customer_aliases (
  workspace_id BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,
  current_id BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, customer_id)
) WITHOUT ROWID;
INSERT INTO customer_aliases (workspace_id, customer_id, current_id)
  SELECT workspace_id, customer_id, current_id FROM customer_aliases_heap ORDER BY workspace_id, customer_id;
DROP TABLE customer_aliases_heap;
CREATE INDEX customer_aliases_current ON customer_aliases (workspace_id, current_id);
ALTER TABLE merges RENAME TO merges_heap;
CREATE TABLE merges (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,
  merged_id BIGINT NOT NULL,
  record_a BIGINT NOT NULL,
  record_b BIGINT NOT NULL,
  weight DOUBLE PRECISION NOT NULL,
  probability DOUBLE PRECISION NOT NULL,
  reasons TEXT NOT NULL,
  kind TEXT NOT NULL,
  made_by TEXT NOT NULL,
  actor_id BIGINT NOT NULL,
  at BIGINT NOT NULL,
  undone_at BIGINT,
  PRIMARY KEY (workspace_id, id)
) WITHOUT ROWID;
INSERT INTO merges (workspace_id, id, customer_id, merged_id, record_a, record_b, weight, probability, reasons, kind, made_by, actor_id, at, undone_at)
  SELECT workspace_id, id, customer_id, merged_id, record_a, record_b, weight, probability, reasons, kind, made_by, actor_id, at, undone_at FROM merges_heap ORDER BY workspace_id, id;
DROP TABLE merges_heap;
CREATE INDEX merges_customer ON merges (workspace_id, customer_id);
ALTER TABLE profiles RENAME TO profiles_heap;
CREATE TABLE profiles (
  workspace_id BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,
  orders BIGINT NOT NULL,
  first_day BIGINT,
  last_day BIGINT,
  revenue_minor BIGINT NOT NULL,
  mean_gap DOUBLE PRECISION,
  stage TEXT NOT NULL,
  p_alive DOUBLE PRECISION,
  expected_orders DOUBLE PRECISION,
  expected_value_minor BIGINT,
  risk DOUBLE PRECISION,
  signals TEXT NOT NULL,
  as_of BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, customer_id)
) WITHOUT ROWID;
INSERT INTO profiles (workspace_id, customer_id, orders, first_day, last_day, revenue_minor, mean_gap, stage, p_alive, expected_orders, expected_value_minor, risk, signals, as_of)
  SELECT workspace_id, customer_id, orders, first_day, last_day, revenue_minor, mean_gap, stage, p_alive, expected_orders, expected_value_minor, risk, signals, as_of FROM profiles_heap ORDER BY workspace_id, customer_id;
DROP TABLE profiles_heap;
CREATE INDEX profiles_stage ON profiles (workspace_id, stage);
ALTER TABLE insight_changes RENAME TO insight_changes_heap;
CREATE TABLE insight_changes (
  workspace_id BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,
  marks BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, customer_id)
) WITHOUT ROWID;
INSERT INTO insight_changes (workspace_id, customer_id, marks)
  SELECT workspace_id, customer_id, marks FROM insight_changes_heap ORDER BY workspace_id, customer_id;
DROP TABLE insight_changes_heap;
*/
