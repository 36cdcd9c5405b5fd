namespace CryoBackup.Tests.Rehearsal;

/// <summary>An archive is text that a server carries out. Whatever it says, a rehearsal changes nothing outside,
/// and does not pass.</summary>
[Collection("rehearsed and encrypted")]
[Trait("Runs", "Once")]
public sealed class HostileArchiveTests(PostgresServer server) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [PostgresTheory]
    [InlineData("program in a default", "COPY (SELECT 1) TO PROGRAM 'touch {0}'")]
    [InlineData("file written", "COPY (SELECT 1) TO '{0}'")]
    [InlineData("file read", "PERFORM pg_catalog.pg_read_file('/etc/passwd')")]
    [InlineData("large object written", "PERFORM pg_catalog.lo_export(pg_catalog.lo_from_bytea(0, 'x'), '{0}')")]
    [InlineData("own role raised", "EXECUTE 'ALTER ROLE ' || pg_catalog.quote_ident(current_user) || ' SUPERUSER'")]
    [InlineData("server's settings", "EXECUTE 'ALTER SYSTEM SET listen_addresses = ''*'''")]
    [InlineData(
        "way back in as the superuser",
        "PERFORM public.dblink('host=' || pg_catalog.split_part(pg_catalog.current_setting('unix_socket_directories'), ',', 1) || ' "
            + "dbname=postgres user=' || (SELECT rolname FROM pg_catalog.pg_roles WHERE rolsuper LIMIT 1) || ' password=x', 'SELECT 1')"
    )]
    [Trait("Speed", "Slow")] // a throwaway server for each of seven deeds
    public void IsStoppedInAFunctionOfAnIndex(string what, string deed)
    {
        string target = Path.Combine(Path.GetTempPath(), "cryobackup-hostile-" + Guid.NewGuid().ToString("N"));
        string body = string.Format(System.Globalization.CultureInfo.InvariantCulture, deed, target);

        // At home it does nothing; restored, where another role runs it, it does its deed.
        string backup = Rehearse.BackUp(
            server,
            _folder.Path,
            "rehearsal_hostile",
            $"""
            CREATE EXTENSION dblink;
            CREATE FUNCTION volatile_deed(n int) RETURNS int LANGUAGE plpgsql AS $f$ BEGIN
                IF session_user <> 'postgres' THEN {body}; END IF;
                RETURN n;
            END $f$;
            CREATE FUNCTION deed(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $f$ BEGIN RETURN public.volatile_deed(n); END $f$;
            CREATE TABLE bait (n int, m int GENERATED ALWAYS AS (deed(n)) STORED, CHECK (deed(n) > 0));
            INSERT INTO bait VALUES (1);
            CREATE INDEX ON bait (deed(n));
            CREATE MATERIALIZED VIEW lure AS SELECT deed(n) FROM bait;
            """
        );
        VerificationResult result = Rehearse.Run(backup);
        Assert.False(File.Exists(target), what);
        Assert.Contains(result.Verdict, (Verdict[])[Verdict.Failed, Verdict.Inconclusive]);
        Assert.Equal(CheckOutcome.NotRun, Rehearse.Check(result, "restored_rows").Outcome);
    }

    [PostgresFact(UnixOnly = true)]
    public void IsNotStoppedWhereASuperuserIsPermitted()
    {
        // The bait is a real one.
        string target = Path.Combine(Path.GetTempPath(), "cryobackup-hostile-" + Guid.NewGuid().ToString("N"));
        string backup = Rehearse.BackUp(
            server,
            _folder.Path,
            "rehearsal_hostile",
            $"""
            CREATE FUNCTION deed(n int) RETURNS int LANGUAGE plpgsql AS $f$ BEGIN
                IF session_user <> 'postgres' THEN COPY (SELECT 1) TO PROGRAM 'touch {target}'; END IF;
                RETURN n;
            END $f$;
            CREATE TABLE bait (n int, CHECK (deed(n) > 0));
            INSERT INTO bait VALUES (1);
            """
        );
        Rehearse.Run(backup, request => request with { AllowSuperuser = true });
        Assert.True(File.Exists(target));
        File.Delete(target);
    }

    [PostgresFact]
    public void IsStoppedInADefaultAndAnEventTriggerIsLeftOut()
    {
        string target = Path.Combine(Path.GetTempPath(), "cryobackup-hostile-" + Guid.NewGuid().ToString("N"));
        string backup = Rehearse.BackUp(
            server,
            _folder.Path,
            "rehearsal_hostile",
            $"""
            CREATE FUNCTION deed() RETURNS int LANGUAGE plpgsql AS $f$ BEGIN
                IF session_user <> 'postgres' THEN COPY (SELECT 1) TO PROGRAM 'touch {target}'; END IF;
                RETURN 1;
            END $f$;
            CREATE FUNCTION on_event() RETURNS event_trigger LANGUAGE plpgsql AS $f$ BEGIN PERFORM deed(); END $f$;
            CREATE EVENT TRIGGER watcher ON ddl_command_end EXECUTE FUNCTION on_event();
            CREATE TABLE bait (n int);
            CREATE TABLE trap (n int DEFAULT deed());
            CREATE DOMAIN snare AS int DEFAULT deed();
            """
        );
        server.Execute("rehearsal_hostile", "DROP EVENT TRIGGER watcher");
        VerificationResult result = Rehearse.Run(backup);

        // A default that no row asks for is never called: it comes back as it was, and nothing happened.
        Rehearse.AssertPassed(result);
        Assert.False(File.Exists(target));
        Assert.Contains(result.LeftOut, line => line.StartsWith("EVENT TRIGGER watcher", StringComparison.Ordinal));
    }

    [PostgresFact]
    public void IsStoppedInWhatTheArchiveItselfSays()
    {
        // The statements of an archive of nothing but text can say anything, in every place that is run or copied from.
        string target = Path.Combine(Path.GetTempPath(), "cryobackup-hostile-" + Guid.NewGuid().ToString("N"));
        string backup = Rehearse.BackUp(
            server,
            _folder.Path,
            "rehearsal_forged",
            "CREATE SCHEMA aaaa; CREATE EXTENSION hstore WITH SCHEMA aaaa; CREATE TABLE aaaa.t (n int); INSERT INTO aaaa.t VALUES (1); "
                + "GRANT SELECT ON aaaa.t TO PUBLIC"
        );
        string archive = Path.Combine(_folder.Path, "forged.dump");
        using (var source = new System.IO.Compression.GZipStream(File.OpenRead(backup), System.IO.Compression.CompressionMode.Decompress))
        using (var all = new MemoryStream())
        {
            source.CopyTo(all);
            byte[] forged = all.ToArray();
            string deed = $"COPY (SELECT 1) TO PROGRAM 'touch {target}';";
            int places = 0;
            foreach (
                string original in (string[])
                    [
                        "CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA aaaa;\n",
                        "CREATE SCHEMA aaaa;\n",
                        "COPY aaaa.t (n) FROM stdin;\n",
                        "GRANT SELECT ON TABLE aaaa.t TO PUBLIC;\n",
                    ]
            )
            {
                forged = Replace(forged, original, deed + original, ref places);
            }

            Assert.Equal(4, places);
            File.WriteAllBytes(archive, forged);
        }

        VerificationResult result = Rehearse.Run(archive);
        Assert.False(File.Exists(target));
        Assert.Contains(result.Verdict, (Verdict[])[Verdict.Failed, Verdict.Inconclusive]);
    }

    /// <summary>Puts another text in the place of one, with the length that stands before it.</summary>
    private static byte[] Replace(byte[] archive, string original, string text, ref int places)
    {
        byte[] old = System.Text.Encoding.UTF8.GetBytes(original);
        int at = archive.AsSpan().IndexOf(old);
        if (at < 0)
        {
            return archive;
        }

        places++;
        byte[] replacement = System.Text.Encoding.UTF8.GetBytes(text);
        Assert.Equal(old.Length, BitConverter.ToInt32(archive, at - 4));
        return
        [
            .. archive.AsSpan(0, at - 4),
            .. BitConverter.GetBytes(replacement.Length),
            .. replacement,
            .. archive.AsSpan(at + old.Length),
        ];
    }
}
