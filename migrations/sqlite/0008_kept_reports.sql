-- The report of a run that is over is kept beside its uploads. report_version is the version of the run that the kept
-- report tells of: a run that goes on and ends again has another one.
ALTER TABLE runs ADD COLUMN report_version INTEGER;

UPDATE runs SET report_version = version WHERE ended_at IS NOT NULL;

CREATE INDEX runs_unreported ON runs (id) WHERE ended_at IS NOT NULL AND report_version IS DISTINCT FROM version;
