using CryoBackup.Encryption;
using CryoBackup.Postgres;
using CryoBackup.Processes;
using CryoBackup.Retention;
using CryoBackup.Storage;

namespace CryoBackup.Backup;

/// <summary>The verb New: dumps a database into a file that carries its own proof.</summary>
internal static class BackupWriter
{
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
        RequestRules.Check(request);
        using var encryption = AgeEncryption.Prepare(request.Recipients, observer, cancellationToken);
        if (encryption is not null && request.Label is not null)
        {
            observer(
                new WarningMessage("The label is not kept: the manifest of an encrypted backup, which stands in clear, holds no words.")
            );
        }

        using var steps = new StepProgress($"Backing up {request.Database}", ["connecting", "writing", "publishing"], observer);
        using var limits = new RunLimits(request.Timeout, cancellationToken);
        try
        {
            return RunAsync(request, encryption, steps.Observe, limits).GetAwaiter().GetResult();
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
        var session = new BackupSession(request, encryption, observer, limits);
        using var destination = BackupDestination.Of(request.Folder, request.Store, observer, limits.Token);
        await using var preflight = new BackupPreflight(request, destination, session.Endpoint, session.Application);
        await Patience.RunAsync(preflight.RunAsync, limits.Token).ConfigureAwait(false);
        try
        {
            return await WriteAsync(session, destination, preflight).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            await RunSessions.EndAsync(session.Endpoint, session.Application).ConfigureAwait(false);
            if (exception is Npgsql.NpgsqlException)
            {
                throw NpgsqlErrors.Translate(exception, session.Endpoint);
            }

            throw;
        }
    }

    private static async Task<BackupInfo> WriteAsync(BackupSession session, BackupDestination destination, BackupPreflight preflight)
    {
        (BackupRequest request, AgeEncryption? encryption, Action<EngineMessage> observer, RunLimits limits) = session;
        var description = new ManifestBuilder(session, preflight);
        observer(
            new VerboseMessage(
                $"{session.Endpoint} is {preflight.Snapshot.Facts}; dumping with {preflight.PgDump.Path} {preflight.PgDump.Version}."
            )
        );

        using BackupOutput file = await CreateFileAsync(session, destination, preflight.Snapshot.Selection?.RowBytes ?? 0, description)
            .ConfigureAwait(false);
        observer(new StepMessage(2));
        (DumpOutcome outcome, List<string> warnings) = await new DumpAttempts(session, preflight)
            .RunAsync(file.Stream)
            .ConfigureAwait(false);
        string name = Path.GetFileName(file.FinalPath);
        using BackupOutput? globalsFile = request.IncludeGlobals
            ? destination.Create(name + GlobalsFile.Suffix(encryption is not null), estimate: null)
            : null;
        BackupManifest.GlobalsRecord? globals = globalsFile is null
            ? null
            : await new PgDumpall(session, preflight).WriteAsync(globalsFile, warnings).ConfigureAwait(false);
        limits.Token.ThrowIfCancellationRequested();
        observer(new StepMessage(3));
        BackupManifest made = DegradationGuard.Mark(request, description.Build(name, outcome, globals, warnings), warnings, limits.Token);
        foreach (string warning in warnings)
        {
            observer(new WarningMessage(warning));
        }

        BackupManifest written = encryption is null ? made : made.WithoutContent(encryption.Recipients);
        using BackupOutput manifest = WriteManifest(destination, name, written);
        BackupInfo info = BackupCatalog.ToInfo(written with { Warnings = warnings }, file.FinalPath, manifest.FinalPath);
        Publish(file, globalsFile, manifest);
        info.BlockedUntil = file.BlockedUntil;
        var published = new PublishedBackup(info, observer);
        published.Tell(new VerboseMessage($"Published {file.FinalPath}."));
        published.Follow("What proves it cannot be told", _ => CatalogReader.Set(info, CatalogEntries.ProofOf(file.FinalPath, written)));
        if (request.Retention is { } rules)
        {
            // While the folder's lock is still held: nobody else adds or removes a backup of this database.
            published.Follow(
                "Older backups were not removed",
                tell =>
                    info.Removed = [
                        .. BackupRemoval.Follow(info, written, new RemovalRequest { Rules = rules, Store = request.Store }, tell),
                    ]
            );
        }

        return info;
    }

    private static async Task<BackupOutput> CreateFileAsync(
        BackupSession session,
        BackupDestination destination,
        long tables,
        ManifestBuilder description
    )
    {
        (BackupRequest request, _, _, RunLimits limits) = session;

        // In an upload the size of parts is fixed by it. Compressed, a dump hardly ever takes more than its tables; plain text may.
        long estimate = request.Compression == CompressionKind.None ? tables * PlainText : tables;

        // Names have a resolution of one second; what is there is never replaced, and the time that is told is true.
        while (true)
        {
            string name = Path.GetFileName(request.FileAt(description.Start));
            if (!destination.Has(name) && !destination.Has(name + BackupFileName.ManifestSuffix))
            {
                return destination.Create(name, estimate);
            }

            await Task.Delay(1000 - description.Start.Millisecond, limits.Token).ConfigureAwait(false);
            description.Start = DateTime.UtcNow;
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
            if (manifest.MayStillCome)
            {
                // A manifest that comes after its backup was removed would look like one.
                file.Leave();
                globals?.Leave();
                throw;
            }

            // Without its manifest it is no backup, and must not lie there like one.
            file.Withdraw();
            globals?.Withdraw();
            throw;
        }
    }
}
