using CryoBackup.Storage;

namespace CryoBackup.Retention;

/// <summary>The verb Remove: what a folder keeps and what goes, and then the going.</summary>
public static class BackupRemoval
{
    /// <summary>Decides on the backups of a folder, and touches nothing.</summary>
    /// <param name="request">The folder, and what is kept.</param>
    /// <param name="observer">Takes warnings about manifests that cannot be read.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>One result a backup, with Keep, Remove or Blocked.</returns>
    /// <exception cref="CryoBackupException">ConfigurationInvalid: rules that say nothing. BackupNotFound, PermissionDenied: the folder, or
    /// a backup that was named.</exception>
    public static IReadOnlyList<RemovalResult> Plan(
        RemovalRequest request,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(request);
        using var place = RemovalPlace.Of(request, observer, cancellationToken);
        return [.. Decide(request, place, observer, cancellationToken).Select(decided => decided.Result)];
    }

    /// <summary>Removes what was approved, if it is still to be removed once nobody else works in the folder.</summary>
    /// <param name="request">The folder, and what is kept.</param>
    /// <param name="approved">Full paths of the backups that may go; null for all that the plan names.</param>
    /// <param name="observer">Learns of each that was removed.</param>
    /// <param name="cancellationToken">Ends the work between two backups; what was removed stays removed.</param>
    /// <returns>One result a backup: Removed, Blocked, or as the plan has it.</returns>
    /// <exception cref="CryoBackupException">As <see cref="Plan"/>.</exception>
    public static IReadOnlyList<RemovalResult> Run(
        RemovalRequest request,
        IReadOnlySet<string>? approved,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(request);
        using var place = RemovalPlace.Of(request, observer, cancellationToken);
        Decided[] plan = [.. Decide(request, place, observer, cancellationToken)];
        Dictionary<string, RemovalResult> done = plan.ToDictionary(
            decided => decided.Backup.Path,
            decided => decided.Result,
            StringComparer.Ordinal
        );
        IEnumerable<string> begun = place.Begun().Where(name => BackupCatalog.IsWanted(name, request.Databases));
        foreach (
            string database in plan.Where(Goes).Select(decided => decided.Result.Database).Concat(begun).Distinct(StringComparer.Ordinal)
        )
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                using IDisposable? held = place.Lock(database);
                foreach (RemovalResult result in RunLocked(request, place, database, Goes, observer, cancellationToken))
                {
                    done[result.Path] = result;
                }
            }
            catch (CryoBackupException exception)
            {
                foreach (Decided decided in plan.Where(Goes).Where(decided => decided.Result.Database == database))
                {
                    Block(decided.Result, exception);
                }
            }
        }

        foreach (Decided completed in plan.Where(decided => decided.Backup.IsGoing && !place.Exists(decided.Backup.ManifestPath)))
        {
            completed.Result.Action = RemovalAction.Removed;
        }

        return [.. plan.Select(decided => done[decided.Backup.Path])];

        bool Goes(Decided decided) =>
            decided.Result.Action == RemovalAction.Remove && (approved is null || approved.Contains(decided.Backup.Path));
    }

    /// <summary>What follows a new backup: the older ones of its database and server that its rules do not keep. To be called while the
    /// folder's lock is held.</summary>
    /// <param name="made">The new backup.</param>
    /// <param name="manifest">Its manifest.</param>
    /// <param name="how">What is kept, and how a store is reached.</param>
    /// <param name="observer">Learns of what was removed, and of why nothing was.</param>
    /// <returns>Full paths of the backups removed.</returns>
    internal static IReadOnlyList<string> Follow(
        BackupInfo made,
        BackupManifest manifest,
        RemovalRequest how,
        Action<EngineMessage> observer
    )
    {
        string nothing = $"No older backup of '{made.Database}' was removed: ";
        if (manifest.IsPartial)
        {
            observer(new WarningMessage(nothing + "the new one holds only a selection, and replaces none."));
            return [];
        }

        if (manifest.Server?.SystemIdentifier is not { Length: > 0 } server)
        {
            observer(
                new WarningMessage(
                    nothing
                        + "the role may not read the server's system identifier, without which nobody knows whose they are. "
                        + "Let it execute pg_control_system()."
                )
            );
            return [];
        }

        RemovalRequest request = how with { Folder = BackupFolder.Of(made.Path), Database = made.Database };
        using var place = RemovalPlace.Of(request, observer, CancellationToken.None);
        RemovalResult[] results =
        [
            .. RunLocked(
                request,
                place,
                made.Database,
                decided => decided.Result.Action == RemovalAction.Remove && decided.Result.SystemIdentifier == server,
                observer,
                CancellationToken.None
            ),
        ];
        if (Array.Find(results, result => result.Path == made.Path) is { Frozen: true } frozen && results.Length > 1)
        {
            observer(
                new WarningMessage(
                    nothing
                        + frozen.Reasons.FirstOrDefault(reason => reason.StartsWith("frozen", StringComparison.Ordinal))
                        + ". Prove it with Test-CryoBackup; a later run removes them."
                )
            );
        }

        foreach (RemovalResult blocked in results.Where(result => result.Action == RemovalAction.Blocked))
        {
            observer(new WarningMessage($"The old backup '{blocked.Path}' could not be removed: {string.Join(' ', blocked.Reasons)}"));
        }

        return
        [
            .. results.Where(result => result.Action == RemovalAction.Removed).Select(result => result.Path).Order(StringComparer.Ordinal),
        ];
    }

    private static IEnumerable<RemovalResult> RunLocked(
        RemovalRequest request,
        RemovalPlace place,
        string database,
        Func<Decided, bool> goes,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        place.Complete(database);

        // Decided anew: somebody may have tested, held or removed one since.
        Decided[] all = [.. Decide(request, place, observer, cancellationToken).Where(decided => decided.Result.Database == database)];

        // The oldest first, so that a run that is ended leaves the younger ones.
        foreach (
            Decided decided in all.Where(decided => decided.Backup.Kept is not null && goes(decided))
                .OrderBy(decided => decided.Result.Start)
        )
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                place.Remove(decided.Backup);
                decided.Result.Action = RemovalAction.Removed;
                observer(new VerboseMessage($"Removed '{decided.Backup.Path}': {string.Join("; ", decided.Result.Reasons)}."));
            }
            catch (CryoBackupException exception)
            {
                Block(decided.Result, exception);
            }
        }

        return all.Select(decided => decided.Result);
    }

    private static IEnumerable<Decided> Decide(
        RemovalRequest request,
        RemovalPlace place,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        Check(request);
        DateTime now = request.Now ?? DateTime.UtcNow;
        IReadOnlyList<StoredBackup> stored = StoredBackup.ReadAll(
            place.List(request.Database),
            now,
            request.Database is { } exact ? StoredBackup.MayBeOf(exact) : StoredBackup.MayBeOf(request.Databases),
            observer,
            cancellationToken
        );
        if (request.Backups.FirstOrDefault(path => !stored.Any(backup => backup.Path == path)) is { } missing)
        {
            throw new CryoBackupException(
                CryoBackupError.BackupNotFound,
                $"'{missing}' is no backup whose manifest lies beside it and can be relied on; nothing is removed.",
                missing,
                "List what is there with Get-CryoBackup -All; what has no manifest is no backup, and is removed by other means."
            );
        }

        KeptBackup[] kept = [.. stored.Select(backup => backup.Kept).OfType<KeptBackup>()];
        Dictionary<string, RetentionDecision> decisions = Decide(request, kept, now);
        Dictionary<string, string> locks = FindLocks(request, place, stored, decisions, now);
        if (locks.Count > 0)
        {
            KeptBackup[] locked = Array.ConvertAll(kept, backup => backup with { Lock = locks.GetValueOrDefault(backup.Id) });
            decisions = Decide(request, locked, now);
        }

        HashSet<BackupGroup> frozen =
        [
            .. kept.GroupBy(backup => backup.Group).Where(group => RetentionPolicy.IsFrozen(group, now)).Select(group => group.Key),
        ];
        return stored
            .Where(backup => request.Backups.Count == 0 || request.Backups.Contains(backup.Path, StringComparer.Ordinal))
            .Where(backup =>
                request.Database is null
                    ? BackupCatalog.IsWanted(backup.Manifest.Database, request.Databases)
                    : string.Equals(backup.Manifest.Database, request.Database, StringComparison.Ordinal)
            )
            .Select(backup => new Decided(
                backup,
                ResultOf(backup, decisions.GetValueOrDefault(backup.Path), backup.Kept is { } one && frozen.Contains(one.Group))
            ))
            .OrderBy(decided => decided.Result.Database, StringComparer.Ordinal)
            .ThenBy(decided => decided.Result.SystemIdentifier, StringComparer.Ordinal)
            .ThenByDescending(decided => decided.Result.Start)
            .ThenByDescending(decided => decided.Result.Path, StringComparer.Ordinal);
    }

    private static void Check(RemovalRequest request)
    {
        request.Rules?.Check();
        if (request is { Rules: not null, Force: true })
        {
            throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                "-Force is for single backups that are named; no rule crosses what it would.",
                nameof(request.Force),
                "Leave it out, or name the backups without rules."
            );
        }

        if (request.Rules is null && request.Backups.Count == 0)
        {
            new RetentionRules().Check();
        }
    }

    private static Dictionary<string, RetentionDecision> Decide(RemovalRequest request, KeptBackup[] kept, DateTime now) =>
        request.Rules is { } rules
            ? RetentionPolicy.Decide(kept, rules, now).ToDictionary(decision => decision.Backup.Id, StringComparer.Ordinal)
            : kept.ToDictionary(backup => backup.Id, backup => DecideNamed(kept, backup, request.Force, now), StringComparer.Ordinal);

    /// <summary>What the place itself keeps of that which would go: only these are looked at, one by one.</summary>
    private static Dictionary<string, string> FindLocks(
        RemovalRequest request,
        RemovalPlace place,
        IReadOnlyList<StoredBackup> stored,
        Dictionary<string, RetentionDecision> decisions,
        DateTime now
    ) =>
        stored
            .Where(backup => request.Backups.Count == 0 || request.Backups.Contains(backup.Path, StringComparer.Ordinal))
            .Where(backup => decisions.GetValueOrDefault(backup.Path)?.Action == RemovalAction.Remove)
            .Select(backup => (backup.Path, Lock: place.LockOf(backup, now)))
            .Where(found => found.Lock is not null)
            .ToDictionary(found => found.Path, found => found.Lock!, StringComparer.Ordinal);

    private static RetentionDecision DecideNamed(KeptBackup[] all, KeptBackup named, bool force, DateTime now)
    {
        IReadOnlyList<string> floors = RetentionPolicy.Floors(all, named.Id, now);
        return named.Lock is { } held ? new RetentionDecision(named, RemovalAction.Blocked, [held])
            : floors.Count == 0 ? new RetentionDecision(named, RemovalAction.Remove, ["named"])
            : force ? new RetentionDecision(named, RemovalAction.Remove, ["named, by force", .. floors])
            : new RetentionDecision(named, RemovalAction.Blocked, [.. floors, "-Force removes it all the same"]);
    }

    private static RemovalResult ResultOf(StoredBackup backup, RetentionDecision? decision, bool isFrozen) =>
        new()
        {
            Action = decision?.Action ?? (backup.IsGoing ? RemovalAction.Remove : RemovalAction.Keep),
            Reasons = decision is null ? [backup.Aside ?? ""] : [.. decision.Reasons],
            Database = backup.Manifest.Database,
            ComputerName = backup.Manifest.Host,
            SystemIdentifier = backup.Manifest.Server?.SystemIdentifier ?? "",
            Start = backup.Manifest.ReadStart(),
            Size = backup.Manifest.SizeBytes,
            Partial = backup.Manifest.IsPartial,
            Proven = backup.Proof.Proven,
            Rehearsed = backup.Proof.Rehearsed,
            Degraded = backup.Manifest.Degraded is not null,
            Frozen = isFrozen,
            Held = backup.Kept?.Hold is not null,
            Path = backup.Path,
        };

    private static void Block(RemovalResult result, CryoBackupException exception)
    {
        result.Action = RemovalAction.Blocked;
        result.Reasons = exception.Remedy is { } remedy ? [exception.Message, remedy] : [exception.Message];
    }

    private sealed record Decided(StoredBackup Backup, RemovalResult Result);
}
