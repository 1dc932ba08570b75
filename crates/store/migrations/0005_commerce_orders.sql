-- Keyed by record and never rewritten by merges; the customer of an order is record_customers of its record.
CREATE TABLE orders (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  record_id BIGINT NOT NULL,
  source_id BIGINT NOT NULL,
  number TEXT NOT NULL,
  ordered_at BIGINT NOT NULL,
  day BIGINT NOT NULL,            -- the shop's local day, days since 1970-01-01
  delivered_day BIGINT,
  status TEXT NOT NULL,           -- paid, new, cancelled, returned
  status_text TEXT NOT NULL,
  amount_minor BIGINT NOT NULL,
  currency TEXT NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX orders_record ON orders (workspace_id, record_id);
CREATE INDEX orders_day ON orders (workspace_id, day);

CREATE TABLE order_lines (
  workspace_id BIGINT NOT NULL,
  order_id BIGINT NOT NULL,
  line_no BIGINT NOT NULL,
  product_id BIGINT NOT NULL,
  quantity BIGINT NOT NULL,
  amount_minor BIGINT,
  PRIMARY KEY (workspace_id, order_id, line_no)
);
CREATE INDEX order_lines_product ON order_lines (workspace_id, product_id);

CREATE TABLE products (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  title TEXT NOT NULL,
  title_key TEXT NOT NULL,
  category_id BIGINT,            -- NULL = uncategorised, shown as such
  PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX products_title ON products (workspace_id, title_key);

CREATE TABLE categories (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  key TEXT NOT NULL,
  name_ru TEXT NOT NULL,
  name_uk TEXT NOT NULL,
  name_en TEXT NOT NULL,
  position BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX categories_key ON categories (workspace_id, key);
