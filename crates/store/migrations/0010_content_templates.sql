CREATE TABLE templates (
  workspace_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,            -- letter, sms, script
  bodies TEXT NOT NULL,          -- JSON: {ru: {subject, mjml, text}, uk: …, en: …}
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX templates_name ON templates (workspace_id, kind, name);
