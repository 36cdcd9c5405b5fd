namespace CryoBackup.Runs;

/// <summary>What kind of work a run does, with the words for it.</summary>
public sealed class RunKind
{
    private RunKind() { }

    /// <summary>Databases are backed up.</summary>
    public static RunKind Backup { get; } =
        new()
        {
            Name = "backup",
            Logger = "database_backup",
            Noun = "Backup",
            Process = "Backup",
            Things = "databases",
            IsOfDatabases = true,
            Beginning = subject => $"Starting database backup of {subject.Database} to: {subject.Folder}",
        };

    /// <summary>Backups are verified.</summary>
    public static RunKind Verification { get; } =
        new()
        {
            Name = "verification",
            Logger = "backup_verification",
            EventNumber = 10,
            Noun = "Verification",
            Process = "Backup verification",
            AllGood = count => $"All {count} backups verified successfully",
            Beginning = subject =>
                subject.Database is null
                    ? $"Verifying backup: {Path.GetFileName(subject.Path)}"
                    : $"Looking for a proven backup of {subject.Database} in: {subject.Path}",
        };

    /// <summary>A backup is restored.</summary>
    public static RunKind Restore { get; } =
        new()
        {
            Name = "restore",
            Logger = "database_restore",
            EventNumber = 20,
            Noun = "Restore",
            Process = "Database restore",
            Beginning = subject => $"Selected backup file for restore: {subject.Path}",
        };

    /// <summary>Old backups are removed.</summary>
    public static RunKind Removal { get; } =
        new()
        {
            Name = "removal",
            Logger = "backup_removal",
            EventNumber = 30,
            Noun = "Removal",
            Process = "Removal of old backups",
            Beginning = subject => $"Looking for old backups to remove in: {subject.Path}",
        };

    /// <summary>Backups are held, or let go of.</summary>
    public static RunKind Hold { get; } =
        new()
        {
            Name = "hold",
            Logger = "backup_hold",
            EventNumber = 40,
            Noun = "Hold",
            Process = "Hold of backups",
            Beginning = subject => $"Changing the hold of: {subject.Path}",
        };

    /// <summary>Nothing is done: the channels of notification are tried.</summary>
    public static RunKind Trial { get; } = new() { Name = "test", Logger = "cryobackup" };

    /// <summary>The word for programs.</summary>
    internal string Name { get; private init; } = "";

    /// <summary>The logger's name in the log.</summary>
    internal string Logger { get; private init; } = "";

    /// <summary>What it adds to the number of an event of Windows.</summary>
    internal int EventNumber { get; private init; }

    /// <summary>What is done, as a title has it.</summary>
    internal string Noun { get; private init; } = "";

    /// <summary>What is done, as the predecessor's sentences have it.</summary>
    internal string Process { get; private init; } = "";

    /// <summary>What it is done to, where there are several.</summary>
    internal string Things { get; private init; } = "backups";

    /// <summary>True where a run names what it works on by its database; false by the backup's path.</summary>
    internal bool IsOfDatabases { get; private init; }

    /// <summary>The title where all of several went well and nothing was unexpected; null for the ordinary one.</summary>
    internal Func<int, string>? AllGood { get; private init; }

    /// <summary>What the log says when the work on one thing begins.</summary>
    internal Func<RunSubject, string> Beginning { get; private init; } = _ => "";

    /// <summary>What a run of this kind works on.</summary>
    /// <param name="thing">The database that is backed up, or the full path of the backup that is verified or restored.</param>
    /// <param name="other">The folder that takes the backup, or the database that a folder is asked for; else null.</param>
    internal RunSubject Subject(string thing, string? other) => IsOfDatabases ? new(thing, "", other) : new(other, thing, null);

    /// <summary>The word for programs.</summary>
    /// <returns>backup, verification, restore, removal, hold or test.</returns>
    public override string ToString() => Name;
}

/// <summary>What a run works on.</summary>
/// <param name="Database">The database; null where it is not known yet.</param>
/// <param name="Path">The backup's full path, or the folder's that is asked; empty where there is none yet.</param>
/// <param name="Folder">The folder that takes a backup; null for other work.</param>
internal sealed record RunSubject(string? Database, string Path, string? Folder);
