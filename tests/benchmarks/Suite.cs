namespace CryoBackup.Benchmarks;

/// <summary>Who runs against whom: the three verbs, each beside the stock programs that do its work.</summary>
/// <param name="tool">The cryobackup program, built for release.</param>
/// <param name="folder">Where files are written.</param>
/// <param name="shape">What the measured database looks like.</param>
/// <param name="isFar">Whether the server is behind a line, where more sessions than there are cores are of use.</param>
internal sealed class Suite(string tool, string folder, Shape shape, bool isFar)
{
    public const string Floor = "pg_dump -Fc -Z0 > /dev/null";
    public const string Dump = "pg_dump -Fc";
    public const string New = "cryobackup new";
    public const string CopyDb = "pgcopydb clone (server to server)";
    public const string Gunzip = "gunzip -t";
    public const string Test = "cryobackup test";
    public const string Rehearsal = "cryobackup test --level restore";
    public const string NewEncrypted = "cryobackup new --recipient";
    public const string TestEncrypted = "cryobackup test --identity";
    public const string RestoreEncrypted = "cryobackup restore --identity --jobs 1";

    private const string Source = SampleData.Database;
    private const string Target = SampleData.Database + "_restored";

    private readonly string _backup = $"{folder}/new/{Source}_*_full.dump.gz";
    private readonly string _encrypted = $"{folder}/encrypted/{Source}_*_full.dump.gz.age";
    private readonly string _identity = MakeIdentity(folder);
    private readonly string _plain = $"{folder}/plain.dump";

    private string Witness => SampleData.Witness(shape);

    private string CopyDbCommand =>
        $"pgcopydb clone --source postgres:///{Source} --target postgres:///{Target} --table-jobs {Jobs} --index-jobs {Jobs} "
        + $"--split-tables-larger-than '32 MB' --dir {folder}/pgcopydb --restart > {folder}/pgcopydb.log 2>&1";

    private int Jobs => isFar ? 4 : Math.Clamp(Environment.ProcessorCount, 2, 8);

    public static string NewShared(int jobs) => $"cryobackup new --jobs {jobs}";

    public static string PgRestore(int jobs) => $"pg_restore -j{jobs} (plain archive)";

    public static string Restore(int jobs) => $"cryobackup restore --jobs {jobs}";

    public Contender[] Backups() =>
        [
            new(Floor, $"pg_dump -Fc -Z0 {Source} > /dev/null"),
            Stock(Dump, $"pg_dump -Fc -f {folder}/stock.dump {Source}", $"{folder}/stock.dump"),
            Stock("pg_dump -Fc -Z1", $"pg_dump -Fc -Z1 -f {folder}/z1.dump {Source}", $"{folder}/z1.dump"),
            Stock($"pg_dump -Fd -j{Jobs} -Z1", $"pg_dump -Fd -j{Jobs} -Z1 -f {folder}/z1.dir {Source}", $"{folder}/z1.dir"),
            Stock("pg_dump -Fc -Z0 | pigz -1", $"pg_dump -Fc -Z0 {Source} | pigz -1 > {folder}/pigz.gz", $"{folder}/pigz.gz"),
            Stock("pg_dump -Fc -Z0 | zstd -1", $"pg_dump -Fc -Z0 {Source} | zstd -q -1 -o {folder}/zstd.zst", $"{folder}/zstd.zst"),
            new(New, $"{tool} new {Source} --path {folder}/new > /dev/null", Dump, $"rm -rf {folder}/new", Output: _backup),
            new(
                NewShared(Jobs),
                $"{tool} new {Source} --path {folder}/shared --jobs {Jobs} > /dev/null",
                Dump,
                $"rm -rf {folder}/shared",
                Output: $"{folder}/shared/{Source}_*_full.dump.gz"
            ),
            new(
                NewEncrypted,
                $"{tool} new {Source} --path {folder}/encrypted --recipient $(age-keygen -y {_identity}) > /dev/null",
                Dump,
                $"rm -rf {folder}/encrypted",
                Output: _encrypted
            ),
        ];

    public Contender[] Verifications() =>
        [
            new(Gunzip, $"gunzip -t {_backup}"),
            new("pg_restore -f /dev/null (pg_dump -Fc)", $"pg_restore -f /dev/null {folder}/stock.dump", Gunzip),
            new(Test, $"{tool} test {_backup} > /dev/null", Gunzip),
            new(TestEncrypted, $"{tool} test {_encrypted} --identity {_identity} > /dev/null", Gunzip),
        ];

    public Contender[] Restores() =>
        [
            // Reads the server itself; of a dump it knows nothing.
            .. Shell.Do("command -v pgcopydb || true").Length > 0 ? [Into(CopyDb, CopyDbCommand, PgRestore(2))] : Array.Empty<Contender>(),
            .. new[] { 1, 2 }.SelectMany(jobs =>
                new[]
                {
                    StockRestore(jobs),
                    Into(Restore(jobs), $"{tool} restore {_backup} --target-database {Target} --jobs {jobs} > /dev/null", PgRestore(jobs)),
                }
            ),
            Into(
                RestoreEncrypted,
                $"{tool} restore {_encrypted} --target-database {Target} --jobs 1 --identity {_identity} > /dev/null",
                PgRestore(1)
            ),
        ];

    /// <summary>Beside the stock restore with as many jobs, into the server of the benchmark,
    /// which has the settings of a throwaway one.</summary>
    public Contender[] Rehearsals() =>
        [StockRestore(2), new(Rehearsal, $"{tool} test {_backup} --level restore > /dev/null", PgRestore(2))];

    /// <summary>What the restores read, and the size that all sizes are seen against.</summary>
    public long WritePlainArchive()
    {
        Shell.Do($"pg_dump -Fc -Z0 -f {_plain} {Source}");
        return new FileInfo(_plain).Length;
    }

    private static string MakeIdentity(string folder)
    {
        string path = $"{folder}/identity.txt";
        Shell.Do($"test -e {path} || age-keygen -o {path} 2>/dev/null");
        return path;
    }

    private Contender StockRestore(int jobs) => Into(PgRestore(jobs), $"pg_restore -j{jobs} -d {Target} {_plain}", null);

    private static Contender Stock(string name, string command, string output) =>
        new(name, command, name == Dump ? null : Dump, $"rm -rf {output}", Output: output);

    private Contender Into(string name, string command, string? rival) =>
        new(
            name,
            command,
            rival,
            $"dropdb --if-exists {Target} 2>/dev/null; createdb -T template0 {Target}",
            // A restore that brings too little would be quick: count.
            $"""test "$(psql -XAt -d {Target} -c "{Witness}")" = "$(psql -XAt -d {Source} -c "{Witness}")"; dropdb {Target}"""
        );
}
