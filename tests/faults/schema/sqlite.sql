CREATE TABLE notes (id INTEGER PRIMARY KEY, note TEXT NOT NULL);

-- What is told to fail, what was seen when it was told to note it. A broken row fails at the COMMIT.
CREATE TABLE fault (what TEXT NOT NULL);
CREATE TABLE fired (what TEXT NOT NULL);
CREATE TABLE broken (refers INTEGER NOT NULL REFERENCES notes DEFERRABLE INITIALLY DEFERRED);
