-- Which of the wave's variants a person drew when the contact was planned, from 0; NULL where the wave has none.
ALTER TABLE messages ADD COLUMN variant BIGINT;
