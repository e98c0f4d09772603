CREATE TABLE notes (id BIGINT AUTO_INCREMENT PRIMARY KEY, note TEXT NOT NULL);

-- What is told to fail, and what was seen when it was told to note it.
CREATE TABLE fault (what TEXT NOT NULL);
CREATE TABLE fired (what TEXT NOT NULL);
