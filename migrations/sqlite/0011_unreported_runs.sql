-- Orders that are placed one by one have no report to be kept, and there are millions of them: they don't belong among
-- the runs whose report somebody still has to keep.
DROP INDEX runs_unreported;
CREATE INDEX runs_unreported ON runs (id)
    WHERE ended_at IS NOT NULL AND report_version IS DISTINCT FROM version AND kind <> 'single';
