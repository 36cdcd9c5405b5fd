using System.Globalization;
using CryoBackup.Archive;
using CryoBackup.Postgres;
using CryoBackup.Streams;

namespace CryoBackup;

/// <summary>The verb New: dumps a database into a file that carries its own proof.</summary>
public static class BackupWriter
{
    private const double SpaceNeeded = 0.1;

    /// <summary>Makes a backup. Blocks until it is published or has failed; nothing is left behind on failure.</summary>
    /// <param name="request">What to back up, and where to.</param>
    /// <param name="observer">Takes progress, warnings and verbose messages, on any thread.</param>
    /// <param name="cancellationToken">Ends pg_dump, its sessions and the partial file.</param>
    /// <returns>The backup as it lies on disk.</returns>
    /// <exception cref="CryoBackupException">The backup was not made.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static BackupInfo Run(BackupRequest request, Action<EngineMessage> observer, CancellationToken cancellationToken)
    {
        CheckRequest(request);
        using var limits = new RunLimits(request.Timeout, cancellationToken);
        try
        {
            return RunAsync(request, observer, limits).GetAwaiter().GetResult();
        }
        catch (Exception exception)
        {
            // What a limit or the user ended fails in many ways; the cause is the one to tell.
            if (limits.Reason() is { } reason)
            {
                throw reason;
            }

            if (exception is CryoBackupException or OperationCanceledException)
            {
                throw;
            }

            throw PartialFileError(exception, request.Folder) ?? throw new CryoBackupException(
                CryoBackupError.DumpFailed, $"The backup of '{request.Database}' failed: {exception.Message}", request.Database, inner: exception);
        }
    }

    private static void CheckRequest(BackupRequest request)
    {
        if (request.Database.Length == 0)
        {
            throw Invalid("No database is named.", "Database", "Name the database to back up.");
        }

        if (!Path.IsPathFullyQualified(request.Folder))
        {
            throw Invalid($"'{request.Folder}' is not a full path.", "Path", "Give the full path of a folder.");
        }

        if (request.CompressionLevel is < 1 or > 9)
        {
            throw Invalid($"The compression level {request.CompressionLevel} is not from 1 to 9.", "CompressionLevel", "Give a level from 1 (fast) to 9 (small).");
        }

        if (request is { Compression: CompressionKind.None, CompressionLevel: not null })
        {
            throw Invalid("A compression level was given for a backup without compression.", "CompressionLevel", "Leave one of the two out.");
        }
    }

    private static CryoBackupException Invalid(string message, string target, string remedy)
        => new(CryoBackupError.ConfigurationInvalid, message, target, remedy);

    private static CryoBackupException? PartialFileError(Exception exception, string folder)
        => exception is IOException or UnauthorizedAccessException ? PartialFile.Translate(exception, folder) : null;

    private static async Task<BackupInfo> RunAsync(BackupRequest request, Action<EngineMessage> observer, RunLimits limits)
    {
        DateTime start = DateTime.UtcNow;
        CancellationToken token = limits.Token;
        ServerEndpoint endpoint = ServerEndpoint.Resolve(request.Connection, request.Database, observer);
        string application = string.Create(CultureInfo.InvariantCulture, $"CryoBackup {Environment.ProcessId}-{Guid.NewGuid():N}")[..40];
        CreateFolder(request.Folder);
        using BackupLock folderLock = BackupLock.Take(request.Folder, request.Database, observer);

        try
        {
            await using DumpSnapshot snapshot = await DumpSnapshot.ConnectAsync(endpoint, application, token).ConfigureAwait(false);
            ClientTool pgDump = ClientTools.Find("pg_dump", snapshot.Facts.Major, token);
            observer(new VerboseMessage($"{endpoint} is {snapshot.Facts}; dumping with {pgDump.Path} {pgDump.Version}."));
            await snapshot.TakeAsync(request.LockTimeout, token).ConfigureAwait(false);
            observer(new VerboseMessage($"Took snapshot {snapshot.Id} with {snapshot.Tables.Count} tables and sequences locked or listed."));
            CheckSpace(request, snapshot);

            var dump = new DumpRun(request, endpoint, application, snapshot, pgDump, observer, limits);
            using PartialFile file = CreateFile(request, ref start);
            DumpOutcome outcome = await dump.RunAsync(file.Stream).ConfigureAwait(false);
            token.ThrowIfCancellationRequested();
            file.Publish();
            try
            {
                BackupManifest manifest = Describe(request, endpoint, snapshot, pgDump, outcome, Path.GetFileName(file.FinalPath), start);
                string manifestPath = WriteManifest(file.FinalPath, manifest);
                observer(new VerboseMessage($"Published {file.FinalPath}."));
                return BackupCatalog.ToInfo(manifest, file.FinalPath, manifestPath);
            }
            catch
            {
                // Without its manifest it is no backup, and must not lie there like one.
                File.Delete(file.FinalPath);
                throw;
            }
        }
        catch (Exception exception)
        {
            await Task.Run(() => DumpSnapshot.EndSessions(endpoint, application), CancellationToken.None).ConfigureAwait(false);
            if (exception is Npgsql.NpgsqlException && limits.Reason() is null)
            {
                throw NpgsqlErrors.Translate(exception, endpoint);
            }

            throw;
        }
    }

    private static void CreateFolder(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw PartialFile.Translate(exception, folder);
        }
    }

    /// <summary>A dump that cannot fit is not begun. Compressed it may shrink to a tenth of the tables; that much must be there.</summary>
    private static void CheckSpace(BackupRequest request, DumpSnapshot snapshot)
    {
        long tables = snapshot.Tables.Values.Sum(table => table.Bytes);
        long needed = request.Compression == CompressionKind.None ? tables / 2 : (long)(tables * SpaceNeeded);
        long free;
        try
        {
            free = new DriveInfo(request.Folder).AvailableFreeSpace;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // A share or mount that does not tell its space: the write itself will.
            return;
        }

        if (free < needed)
        {
            throw new CryoBackupException(
                CryoBackupError.DiskFull,
                string.Create(CultureInfo.InvariantCulture, $"'{request.Folder}' has {free / (1 << 20)} MiB free; the backup of {tables / (1 << 20)} MiB of tables needs at least {needed / (1 << 20)} MiB."),
                request.Folder,
                "Free space, or choose another folder.");
        }
    }

    private static PartialFile CreateFile(BackupRequest request, ref DateTime start)
    {
        // Names have a resolution of one second; what is there is never replaced.
        for (DateTime time = start; ; time = time.AddSeconds(1))
        {
            string path = Path.Combine(request.Folder, BackupFileName.Create(request.Database, time, request.Compression));
            if (!File.Exists(path) && !File.Exists(path + BackupFileName.ManifestSuffix))
            {
                start = time;
                return new PartialFile(path);
            }
        }
    }

    private static string WriteManifest(string path, BackupManifest manifest)
    {
        using var file = new PartialFile(path + BackupFileName.ManifestSuffix);
        try
        {
            file.Stream.Write(manifest.Serialize());
        }
        catch (IOException exception)
        {
            throw PartialFile.Translate(exception, file.FinalPath);
        }

        file.Publish();
        return file.FinalPath;
    }

    private static BackupManifest Describe(
        BackupRequest request, ServerEndpoint endpoint, DumpSnapshot snapshot, ClientTool pgDump, DumpOutcome outcome, string fileName, DateTime start)
    {
        ArchiveContent content = outcome.Content;
        DatabaseFacts facts = snapshot.Facts;
        var objects = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (TocEntry entry in content.Entries)
        {
            objects[entry.Kind] = objects.GetValueOrDefault(entry.Kind) + 1;
        }

        return new BackupManifest
        {
            Timestamp = start.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture),
            Database = request.Database,
            BackupFile = fileName,
            SizeBytes = outcome.StoredBytes,
            Host = endpoint.Host,
            Port = endpoint.Port,
            BackupToolVersion = ToolVersion.Text,
            SchemaVersion = 1,
            Sha256 = outcome.Hash.ToLowerInvariant(),
            UncompressedBytes = content.Length,
            Compression = request.Compression.ToString().ToLowerInvariant(),
            Server = new BackupManifest.ServerRecord
            {
                Version = facts.Version,
                Encoding = facts.Encoding,
                Collation = facts.Collation,
                Ctype = facts.Ctype,
                LocaleProvider = facts.LocaleProvider,
                IcuLocale = facts.Locale,
                SystemIdentifier = facts.SystemIdentifier,
                Lsn = facts.Lsn,
            },
            Client = new BackupManifest.ClientRecord { Version = pgDump.Version, Arguments = [.. outcome.Arguments] },
            Snapshot = snapshot.Time.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture),
            DurationSeconds = Math.Round((DateTime.UtcNow - start).TotalSeconds, 3),
            Label = request.Label,
            Objects = objects,
            Tables =
            [
                .. content.Tables.Select(table => table.ToTableInfo()).Select(table => new BackupManifest.TableRecord
                {
                    Schema = table.Schema,
                    Name = table.Name,
                    Rows = table.Rows,
                    Bytes = table.Bytes,
                    Fingerprint = table.Fingerprint,
                }),
            ],
            LargeObjects = new BackupManifest.LargeObjectRecord
            {
                Count = content.LargeObjectCount,
                Bytes = content.LargeObjectBytes,
                Fingerprint = TableFingerprint.Format(content.LargeObjectFingerprint),
            },
            Excluded = [.. snapshot.Excluded.Select(item => new BackupManifest.ExclusionRecord { Name = item.Name, Reason = item.Reason })],
            RowsCounted = !request.SkipRowCount,
            Warnings = [.. outcome.Warnings],
            OpenWith = OpenCommand.For(fileName, request.Compression),
            ManifestSha256 = new string('0', 64),
        };
    }
}
