using System.Globalization;
using System.Text;
using CryoBackup.Storage;
using CryoBackup.Streams;
using static CryoBackup.Runs.MetricNames;

namespace CryoBackup.Runs;

/// <summary>
/// The state of every database as a textfile for Prometheus' node_exporter. It is replaced as a whole; the lines of databases that a run
/// does not touch stay, but for their ages, which are those of the moment of writing.
/// </summary>
internal sealed class MetricsFile
{
    // So many lines no run writes.
    private const long MaximumLength = 1 << 26;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    // Keyed by the database and by the metric, with the verdict after a bar where it has one.
    private readonly SortedDictionary<string, Dictionary<string, double>> _databases = new(StringComparer.Ordinal);

    private MetricsFile() { }

    /// <summary>Brings a file up to date with a run.</summary>
    /// <param name="path">A full path; the file and its folder are created when missing. Made for its owner alone,
    /// it stays readable for whom it is.</param>
    /// <param name="run">A run that has ended.</param>
    /// <exception cref="CryoBackupException">DestinationNotWritable or DiskFull.</exception>
    public static void Update(string path, RunRecord run)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);

            // Two runs may end at the same moment; the second must see what the first wrote. node_exporter reads only *.prom. A lock that
            // somebody holds for ever keeps nobody from being alarmed.
            using (SharedFile.TryLock(path + ".lock", LongestWait))
            {
                var metrics = new MetricsFile();
                UnixFileMode readers = metrics.Read(path);
                foreach (RunItem item in run.Items.Where(item => item.MeasuredDatabase.Length > 0))
                {
                    metrics.Take(run, item);
                }

                foreach (IGrouping<string, RemovalResult> database in run.Removals.GroupBy(result => result.Database))
                {
                    metrics.Of(database.Key)[Held] = database.Count(result => result.Held);
                }

                Replace(path, metrics.Write(run.End), readers);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw PartialFile.Translate(exception, path);
        }
    }

    private static void Replace(string path, string text, UnixFileMode readers)
    {
        string folder = Path.GetDirectoryName(path)!;
        foreach (
            string left in Directory
                .EnumerateFiles(folder, Path.GetFileName(path) + ".*" + BackupFileName.PartialSuffix)
                .Where(left => IsLeft(path, left))
        )
        {
            File.Delete(left);
        }

        // A name that no collector takes and nobody can guess, on the same file system.
        string partial = $"{path}.{Guid.NewGuid():N}{BackupFileName.PartialSuffix}";
        try
        {
            using (FileStream stream = RegularFile.Create(partial))
            {
                stream.Write(Encoding.UTF8.GetBytes(text));
                stream.Flush(flushToDisk: true);
                if (!OperatingSystem.IsWindows())
                {
                    File.SetUnixFileMode(stream.SafeFileHandle, readers | UnixFileMode.UserRead | UnixFileMode.UserWrite);
                }
            }

            HeldFile.Rename(partial, path, overwrite: true);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }

    /// <summary>Tells whether a file is what a run that was killed has left.
    /// One that is a few minutes old belongs to none that runs.</summary>
    private static bool IsLeft(string path, string file) =>
        file.Length == path.Length + 33 + BackupFileName.PartialSuffix.Length
        && Guid.TryParseExact(file.AsSpan(path.Length + 1, 32), "N", out _)
        && DateTime.UtcNow - File.GetLastWriteTimeUtc(file) > TimeSpan.FromMinutes(10);

    /// <summary>Reads what is there, where it is a regular file, without asking for anybody's lock.</summary>
    /// <returns>Who else may read it.</returns>
    private UnixFileMode Read(string path)
    {
        try
        {
            using FileStream file = RegularFile.Open(path, FileAccess.Read);
            if (file.Length <= MaximumLength)
            {
                // Only a line feed ends a line: a database's name may hold a carriage return.
                using var reader = new StreamReader(file, leaveOpen: true);
                Read(reader.ReadToEnd().Split('\n'));
            }

            return OperatingSystem.IsWindows()
                ? UnixFileMode.None
                : File.GetUnixFileMode(file.SafeFileHandle) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException or IrregularFileException)
        {
            return UnixFileMode.None;
        }
    }

    private void Take(RunRecord run, RunItem item)
    {
        Dictionary<string, double> values = Of(item.MeasuredDatabase);
        bool good = item.State != RunState.Failure;
        if (run.Kind == RunKind.Backup)
        {
            TakeBackup(item, values, good);
        }
        else if (run.Kind == RunKind.Verification)
        {
            TakeVerification(run, item, values);
        }
        else if (item.Removal is { } removal)
        {
            TakeRemoval(run, item, removal, values);
        }
        else if (run.Kind == RunKind.Restore && item.Restore is not { Status: RestoreStatus.Planned })
        {
            values[Restored] = Seconds(item.End);
            values[RestoreSuccess] = good ? 1 : 0;
        }
    }

    private static void TakeBackup(RunItem item, Dictionary<string, double> values, bool good)
    {
        values[Start] = Seconds(item.Start);
        values[RunSuccess] = good ? 1 : 0;
        if (item.Backup is { Partial: false } backup)
        {
            values[Success] = Seconds(backup.End);
            values[Duration] = backup.Duration.TotalSeconds;
            values[Size] = backup.Size;
            values[Degraded] = backup.Degraded.Length > 0 ? 1 : 0;
            Set(values, Uncompressed, backup.UncompressedSize > 0 ? backup.UncompressedSize : null);
            Set(values, Rows, backup is { Encrypted: true, TableCount: 0 } ? null : backup.RowCount);
            TakeCopies(backup, values);
        }
    }

    private static void TakeCopies(BackupInfo backup, Dictionary<string, double> values)
    {
        if (backup.CopiesWanted is not { } wanted)
        {
            return;
        }

        values[ProvenCopies] = backup.Copies.Length;
        values[CopiesMissing] = wanted - backup.Copies.Length;
        if (backup.Copies.Length == wanted)
        {
            values[Copied] = Seconds(backup.End);
        }
    }

    private static void TakeRemoval(RunRecord run, RunItem item, RemovalResult removal, Dictionary<string, double> values)
    {
        if (!values.TryGetValue(Removal, out double last) || last < Seconds(run.Start))
        {
            (values[RemovedBackups], values[RemovedBytes], values[Blocked], values[Frozen]) = (0, 0, 0, 0);
        }

        values[Removal] = Seconds(item.End);
        values[RemovedBackups] += removal.Action == RemovalAction.Removed ? 1 : 0;
        values[RemovedBytes] += removal.Action == RemovalAction.Removed ? removal.Size : 0;
        values[Blocked] += removal.Action == RemovalAction.Blocked ? 1 : 0;
        values[Frozen] = removal.Frozen ? 1 : values[Frozen];
    }

    private static void TakeVerification(RunRecord run, RunItem item, Dictionary<string, double> values)
    {
        Verdict verdict = item.Verification?.Verdict ?? Verdict.Failed;
        if (item.Verification?.Sample is not null && verdict != Verdict.Failed)
        {
            // That a part is good does not make a whole verification young.
            return;
        }

        if (values.TryGetValue(Verified, out double last) && last >= Seconds(run.Start))
        {
            // Of several backups of one database in one run, the worst counts.
            verdict = Enum.GetValues<Verdict>()
                .Where(candidate => candidate == verdict || values.GetValueOrDefault(Key(candidate)) == 1)
                .MaxBy(Gravity);
        }

        values[Verified] = Seconds(item.End);
        foreach (Verdict candidate in Enum.GetValues<Verdict>())
        {
            values[Key(candidate)] = candidate == verdict ? 1 : 0;
        }

        if (item.Verification is { IsValid: true, Level: > VerificationLevel.Content })
        {
            values[Rehearsed] = Seconds(item.End);
        }
    }

    private string Write(DateTime now)
    {
        foreach (Dictionary<string, double> values in _databases.Values)
        {
            Set(values, Age, values.TryGetValue(Success, out double success) ? Math.Round(Math.Max(0, Seconds(now) - success), 3) : null);
            Set(
                values,
                RehearsalAge,
                values.TryGetValue(Rehearsed, out double rehearsed) ? Math.Round(Math.Max(0, Seconds(now) - rehearsed), 3) : null
            );
            Set(values, CopyAge, values.TryGetValue(Copied, out double copied) ? Math.Round(Math.Max(0, Seconds(now) - copied), 3) : null);
        }

        var text = new StringBuilder();
        foreach ((string name, string help) in Known)
        {
            bool begun = false;
            foreach ((string database, Dictionary<string, double> values) in _databases)
            {
                foreach (
                    (string key, double value) in values
                        .Where(pair => pair.Key == name || pair.Key.StartsWith(name + "|", StringComparison.Ordinal))
                        .OrderBy(pair => pair.Key, StringComparer.Ordinal)
                )
                {
                    if (!begun)
                    {
                        text.Append("# HELP ").Append(name).Append(' ').Append(help).Append("\n# TYPE ").Append(name).Append(" gauge\n");
                        begun = true;
                    }

                    text.Append(name).Append("{database=\"").Append(Escape(database)).Append('"');
                    if (key.Length > name.Length)
                    {
                        text.Append(",verdict=\"").Append(key.AsSpan(name.Length + 1)).Append('"');
                    }

                    text.Append("} ").Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
                }
            }
        }

        return text.ToString();
    }

    /// <summary>Takes the lines that this class writes; whatever else stands there is not kept.</summary>
    private void Read(IEnumerable<string> lines)
    {
        const string Opening = "{database=\"";
        foreach (string line in lines)
        {
            int opening = line.IndexOf(Opening, StringComparison.Ordinal);
            int closing = line.LastIndexOf("} ", StringComparison.Ordinal);
            if (
                opening <= 0
                || closing < opening
                || !Array.Exists(Known, known => known.Name == line[..opening])
                || !double.TryParse(line.AsSpan(closing + 2), NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
                || !double.IsFinite(value)
            )
            {
                continue;
            }

            string labels = line[(opening + Opening.Length)..closing];
            int end = EndOfValue(labels);
            if (end < 0)
            {
                continue;
            }

            string verdict = labels[(end + 1)..];
            const string Verdict = ",verdict=\"";
            string key =
                line[..opening]
                + (verdict.StartsWith(Verdict, StringComparison.Ordinal) ? "|" + verdict[Verdict.Length..].TrimEnd('"') : "");
            Of(Unescape(labels[..end]))[key] = value;
        }
    }

    private Dictionary<string, double> Of(string database)
    {
        if (!_databases.TryGetValue(database, out Dictionary<string, double>? values))
        {
            _databases.Add(database, values = new(StringComparer.Ordinal));
        }

        return values;
    }

    private static void Set(Dictionary<string, double> values, string key, double? value)
    {
        values.Remove(key);
        if (value is { } number)
        {
            values[key] = number;
        }
    }

    private static string Key(Verdict verdict) => $"{VerdictOf}|{verdict.ToString().ToLowerInvariant()}";

    private static int Gravity(Verdict verdict) =>
        verdict switch
        {
            Verdict.Passed => 0,
            Verdict.Inconclusive => 1,
            _ => 2,
        };

    private static double Seconds(DateTime time) => Math.Round((time - DateTime.UnixEpoch).TotalSeconds, 3);

    private static int EndOfValue(string labels)
    {
        for (int i = 0; i < labels.Length; i++)
        {
            if (labels[i] == '\\')
            {
                i++;
            }
            else if (labels[i] == '"')
            {
                return i;
            }
        }

        return -1;
    }

    private static string Escape(string value) =>
        value
            .Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);

    private static string Unescape(string value)
    {
        var text = new StringBuilder();
        for (int i = 0; i < value.Length; i++)
        {
            text.Append(
                value[i] != '\\' || i + 1 == value.Length ? value[i]
                : value[++i] == 'n' ? '\n'
                : value[i]
            );
        }

        return text.ToString();
    }
}
