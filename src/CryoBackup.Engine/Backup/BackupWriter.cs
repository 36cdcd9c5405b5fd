using System.Diagnostics;
using System.Globalization;
using CryoBackup.Archive;
using CryoBackup.Encryption;
using CryoBackup.Postgres;
using CryoBackup.Processes;
using CryoBackup.Storage;
using CryoBackup.Stores;
using CryoBackup.Text;

namespace CryoBackup.Backup;

/// <summary>The verb New: dumps a database into a file that carries its own proof.</summary>
internal static class BackupWriter
{
    // A session that waits for our locks while pg_dump waits behind it is let through, and the dump begins anew.
    private const int Attempts = 8;

    // How much larger than its table on the disk, where long values are compressed, a row's text may be.
    private const int PlainText = 4;

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
        using var encryption = AgeEncryption.Prepare(request.Recipients, observer, cancellationToken);
        if (encryption is not null && request.Label is not null)
        {
            observer(
                new WarningMessage("The label is not kept: the manifest of an encrypted backup, which stands in clear, holds no words.")
            );
        }

        using var limits = new RunLimits(request.Timeout, cancellationToken);
        try
        {
            return RunAsync(request, encryption, observer, limits).GetAwaiter().GetResult();
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

            throw PartialFileError(exception, request.Folder)
                ?? throw new CryoBackupException(
                    CryoBackupError.DumpFailed,
                    $"The backup of '{request.Database}' failed: {exception.Message}",
                    request.Database,
                    inner: exception
                );
        }
    }

    private static void CheckRequest(BackupRequest request)
    {
        if (request.Database.Length == 0)
        {
            throw Invalid("No database is named.", "Database", "Name the database to back up.");
        }

        if (!StoreLocation.IsStore(request.Folder) && !Path.IsPathFullyQualified(request.Folder))
        {
            throw Invalid($"'{request.Folder}' is not a full path.", "Path", "Give the full path of a folder.");
        }

        if (request.Jobs < 1)
        {
            throw Invalid(
                string.Create(CultureInfo.InvariantCulture, $"{request.Jobs} jobs back up nothing."),
                "Jobs",
                "Give a number of at least 1."
            );
        }

        if (request.CompressionLevel is < CompressionRange.Fastest or > CompressionRange.Smallest)
        {
            throw Invalid(
                $"The compression level {request.CompressionLevel} is not from {CompressionRange.InWords}.",
                "CompressionLevel",
                "Give one that is."
            );
        }

        if (request.IncludeSchema.Count > 0 && request.IncludeTable.Count > 0)
        {
            throw Invalid(
                "Schemas and tables to include were both given.",
                "IncludeTable",
                "Name each table with its schema in -IncludeTable, or narrow -IncludeSchema with -ExcludeTable."
            );
        }

        if (request is { Compression: CompressionKind.None, CompressionLevel: not null })
        {
            throw Invalid(
                "A compression level was given for a backup without compression.",
                "CompressionLevel",
                "Leave one of the two out."
            );
        }
    }

    private static CryoBackupException Invalid(string message, string target, string remedy) =>
        new(CryoBackupError.ConfigurationInvalid, message, target, remedy);

    private static CryoBackupException? PartialFileError(Exception exception, string folder) =>
        exception is IOException { InnerException: CryoBackupException known } ? known
        : exception is IOException or UnauthorizedAccessException ? PartialFile.Translate(exception, folder)
        : null;

    private static async Task<BackupInfo> RunAsync(
        BackupRequest request,
        AgeEncryption? encryption,
        Action<EngineMessage> observer,
        RunLimits limits
    )
    {
        var endpoint = ServerEndpoint.Resolve(request.Connection, request.Database, observer);
        string application = string.Create(CultureInfo.InvariantCulture, $"CryoBackup {Environment.ProcessId}-{Guid.NewGuid():N}")[..40];
        using var destination = BackupDestination.Of(request.Folder, request.Store, observer, limits.Token);
        await using var preflight = new BackupPreflight(request, destination, endpoint, application);
        await Patience.RunAsync(preflight.RunAsync, limits.Token).ConfigureAwait(false);
        try
        {
            return await WriteAsync(request, encryption, destination, endpoint, application, preflight, observer, limits)
                .ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            await RunSessions.EndAsync(endpoint, application).ConfigureAwait(false);
            if (exception is Npgsql.NpgsqlException)
            {
                throw NpgsqlErrors.Translate(exception, endpoint);
            }

            throw;
        }
    }

    private static async Task<BackupInfo> WriteAsync(
        BackupRequest request,
        AgeEncryption? encryption,
        BackupDestination destination,
        ServerEndpoint endpoint,
        string application,
        BackupPreflight preflight,
        Action<EngineMessage> observer,
        RunLimits limits
    )
    {
        DateTime start = DateTime.UtcNow;
        var clock = Stopwatch.StartNew();
        DumpSnapshot snapshot = preflight.Snapshot;
        observer(new VerboseMessage($"{endpoint} is {snapshot.Facts}; dumping with {preflight.PgDump.Path} {preflight.PgDump.Version}."));

        using BackupOutput file = CreateFile(request, destination, snapshot.Selection?.RowBytes ?? 0, ref start);
        var dump = new DumpRun(request, encryption, endpoint, application, snapshot, preflight.PgDump, observer, limits);
        (DumpOutcome outcome, List<string> warnings) = await DumpAsync(dump, file.Stream, preflight, observer, limits)
            .ConfigureAwait(false);
        string name = Path.GetFileName(file.FinalPath);
        using BackupOutput? globalsFile = request.IncludeGlobals
            ? destination.Create(name + GlobalsFile.Suffix(encryption is not null), estimate: null)
            : null;
        BackupManifest.GlobalsRecord? globals = globalsFile is null
            ? null
            : await WriteGlobalsAsync(request, encryption, globalsFile, endpoint, application, preflight, warnings, limits)
                .ConfigureAwait(false);
        foreach (string warning in warnings)
        {
            observer(new WarningMessage(warning));
        }

        limits.Token.ThrowIfCancellationRequested();
        BackupManifest made = Describe(
            request,
            endpoint,
            snapshot,
            preflight.PgDump,
            outcome,
            globals,
            warnings,
            name,
            start,
            clock.Elapsed
        );
        BackupManifest written = encryption is null ? made : made.WithoutContent(encryption.Recipients);
        using BackupOutput manifest = WriteManifest(destination, name, written);
        BackupInfo info = BackupCatalog.ToInfo(written with { Warnings = warnings }, file.FinalPath, manifest.FinalPath);
        Publish(file, globalsFile, manifest);
        var published = new PublishedBackup(info, observer);
        published.Tell(new VerboseMessage($"Published {file.FinalPath}."));
        if (request.KeepDays is { } days)
        {
            // While the folder's lock is still held: nobody else adds or removes a backup of this database.
            published.Follow(
                "Older backups were not removed",
                tell =>
                {
                    if (StoreLocation.IsStore(request.Folder))
                    {
                        tell(new WarningMessage($"No older backup in '{request.Folder}' was removed: in a store its own rules do that."));
                        return;
                    }

                    info.Removed = [.. Retention.Apply(info, written, days, tell)];
                }
            );
        }

        return info;
    }

    private static async Task<(DumpOutcome Outcome, List<string> Warnings)> DumpAsync(
        DumpRun dump,
        Stream file,
        BackupPreflight preflight,
        Action<EngineMessage> observer,
        RunLimits limits
    )
    {
        DumpSnapshot snapshot = preflight.Snapshot;
        for (int attempt = 0; ; attempt++)
        {
            await Patience.RunAsync(snapshot.TakeAsync, limits.Token).ConfigureAwait(false);
            observer(new VerboseMessage($"Took snapshot {snapshot.Id}, which shows {snapshot.Tables.Count} tables and sequences."));
            preflight.CheckSpace(snapshot.Tables.Values.Sum(table => table.Bytes));
            List<string> warnings = await ListWarningsAsync(snapshot, preflight.PgDump, limits.Token).ConfigureAwait(false);
            try
            {
                DumpOutcome outcome = await dump.RunAsync(file, attempt).ConfigureAwait(false);
                warnings.AddRange(outcome.Warnings);
                return (outcome, warnings);
            }
            catch (CryoBackupException exception)
                when (exception.Error == CryoBackupError.LockTimeout && attempt < Attempts - 1 && !limits.Token.IsCancellationRequested)
            {
                observer(
                    new VerboseMessage(
                        $"A session that waits for the backup's locks kept pg_dump from taking them; it is let through. "
                            + $"({exception.Message})"
                    )
                );
                await snapshot.ReleaseAsync(limits.Token).ConfigureAwait(false);
                file.SetLength(0);
            }
        }
    }

    private static async Task<List<string>> ListWarningsAsync(DumpSnapshot snapshot, ClientTool pgDump, CancellationToken cancellationToken)
    {
        List<string> warnings = [];
        warnings.AddRange(
            new[]
            {
                SecurityFixes.Warning("The server", snapshot.Facts.Version),
                SecurityFixes.Warning("pg_dump", pgDump.Version),
            }.OfType<string>()
        );
        foreach ((string dependent, string needed) in await snapshot.ListBrokenDependenciesAsync(cancellationToken).ConfigureAwait(false))
        {
            warnings.Add($"{dependent} needs {needed}, which the backup leaves out; where that is missing, it cannot be restored.");
        }

        return warnings;
    }

    private static async Task<BackupManifest.GlobalsRecord> WriteGlobalsAsync(
        BackupRequest request,
        AgeEncryption? encryption,
        BackupOutput file,
        ServerEndpoint endpoint,
        string application,
        BackupPreflight preflight,
        List<string> warnings,
        RunLimits limits
    )
    {
        bool withPasswords = await preflight.Snapshot.MayReadPasswordsAsync(limits.Token).ConfigureAwait(false);
        string name = Path.GetFileName(file.FinalPath);
        if (!withPasswords || encryption is null)
        {
            warnings.Add(
                withPasswords
                    ? $"'{name}' holds the password hashes of the roles; keep it as you keep passwords, "
                        + "or encrypt the backup with -Recipient."
                    : $"'{name}' holds the roles without their passwords, which role '{endpoint.UserName}' may not read."
            );
        }

        // It is short: silence and the whole of it have the same limit.
        using (limits.Watch(() => 0, request.StallTimeout, GlobalsStalled))
        {
            return await Task.Run(
                    () => PgDumpall.Write(file, encryption, preflight.PgDumpall, endpoint, application, withPasswords, limits.Token),
                    CancellationToken.None
                )
                .ConfigureAwait(false);
        }

        CryoBackupException GlobalsStalled(TimeSpan limit) =>
            new(
                CryoBackupError.DumpFailed,
                $"pg_dumpall of {endpoint.Address} was ended because it took longer than {DurationText.Of(limit)}.",
                endpoint.Address,
                "See whether the server is overloaded, stopped, or unreachable; a longer -StallTimeout waits longer."
            );
    }

    private static BackupOutput CreateFile(BackupRequest request, BackupDestination destination, long tables, ref DateTime start)
    {
        // In an upload the size of parts is fixed by it. Compressed, a dump hardly ever takes more than its tables; plain text may.
        long estimate = request.Compression == CompressionKind.None ? tables * PlainText : tables;

        // Names have a resolution of one second; what is there is never replaced.
        for (DateTime time = start; ; time = time.AddSeconds(1))
        {
            string name = Path.GetFileName(request.FileAt(time));
            if (!destination.Has(name) && !destination.Has(name + BackupFileName.ManifestSuffix))
            {
                start = time;
                return destination.Create(name, estimate);
            }
        }
    }

    private static BackupOutput WriteManifest(BackupDestination destination, string name, BackupManifest manifest)
    {
        BackupOutput file = destination.Create(name + BackupFileName.ManifestSuffix, estimate: null);
        try
        {
            file.Stream.Write(manifest.Serialize());
            return file;
        }
        catch (IOException exception)
        {
            file.Dispose();
            throw PartialFileError(exception, file.FinalPath)!;
        }
    }

    /// <summary>
    /// Gives all files their names, the manifest last. Until then it lies there whole under its temporary name: by that the next run knows
    /// what a run that died in between has published, and removes it.
    /// </summary>
    private static void Publish(BackupOutput file, BackupOutput? globals, BackupOutput manifest)
    {
        manifest.Complete();
        try
        {
            file.Publish();
            globals?.Publish();
            manifest.Publish();
        }
        catch
        {
            // Without its manifest it is no backup, and must not lie there like one.
            file.Withdraw();
            globals?.Withdraw();
            throw;
        }
    }

    private static BackupManifest Describe(
        BackupRequest request,
        ServerEndpoint endpoint,
        DumpSnapshot snapshot,
        ClientTool pgDump,
        DumpOutcome outcome,
        BackupManifest.GlobalsRecord? globals,
        List<string> warnings,
        string fileName,
        DateTime start,
        TimeSpan duration
    )
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
            BackupType = request.IsPartial ? BackupManifest.PartialType : BackupManifest.FullType,
            BackupFile = fileName,
            SizeBytes = outcome.StoredBytes,
            Host = endpoint.Host,
            Port = endpoint.Port,
            BackupToolVersion = ToolVersion.Text,
            SchemaVersion = 1,
            Sha256 = outcome.Hash.ToLowerInvariant(),
            UncompressedBytes = content.Length,
            TableBytes = snapshot.Selection!.RowBytes,
            Compression = request.Compression.ToString().ToLowerInvariant(),
            Server = new BackupManifest.ServerRecord
            {
                Version = facts.Version,
                Encoding = facts.Encoding,
                Collation = facts.Collation,
                Ctype = facts.Ctype,
                LocaleProvider = facts.LocaleProvider,
                IcuLocale = facts.Locale,
                LcMonetary = facts.Monetary,
                SystemIdentifier = facts.SystemIdentifier,
                Lsn = facts.Lsn,
            },
            Client = new BackupManifest.ClientRecord { Version = pgDump.Version, Arguments = [.. outcome.Arguments] },
            Snapshot = snapshot.Time.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture),
            DurationSeconds = Math.Round(duration.TotalSeconds, 3),
            Label = request.Label,
            Objects = objects,
            State = [.. snapshot.States.Select(BackupManifest.StateRecord.Of)],
            Tables =
            [
                .. content
                    .Tables.Select(table => table.ToTableInfo())
                    .Select(table => new BackupManifest.TableRecord
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
            Excluded =
            [
                .. snapshot.Selection!.Excluded.Select(item => new BackupManifest.ExclusionRecord
                {
                    Name = item.Name,
                    Reason = item.Reason,
                }),
            ],
            RowsCounted = !request.SkipRowCount,
            Globals = globals,
            Warnings = warnings,
            OpenWith = OpenCommand.For(fileName, request.Compression, request.Recipients.Count > 0),
            ManifestSha256 = new string('0', 64),
        };
    }
}
