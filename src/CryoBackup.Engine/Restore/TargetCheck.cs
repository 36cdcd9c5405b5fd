using CryoBackup.Postgres;

namespace CryoBackup.Restore;

/// <summary>Whether the target is what the restore's mode asks for: there or not, empty or not.</summary>
internal static class TargetCheck
{
    /// <summary>Refuses a target that is not.</summary>
    /// <param name="target">The database's name.</param>
    /// <param name="mode">How it is restored into.</param>
    /// <param name="state">The target as it was found.</param>
    /// <exception cref="CryoBackupException">DatabaseExists, DatabaseNotFound, DatabaseNotEmpty.</exception>
    public static void Run(string target, RestoreMode mode, TargetDatabase.State state)
    {
        if (mode == RestoreMode.Create && state.Exists)
        {
            throw new CryoBackupException(
                CryoBackupError.DatabaseExists,
                $"The database '{target}' exists already; nothing was changed.",
                target,
                "Choose another -TargetDatabase, replace it with -Swap, or leave out -Create if it is empty."
            );
        }

        if (mode != RestoreMode.Create && !state.Exists)
        {
            throw new CryoBackupException(
                CryoBackupError.DatabaseNotFound,
                $"The database '{target}' does not exist; nothing was changed.",
                target,
                "Give -Create to have it made with the source's encoding and locale."
            );
        }

        if (mode == RestoreMode.Empty && state.FirstObject is { } found)
        {
            throw new CryoBackupException(
                CryoBackupError.DatabaseNotEmpty,
                $"The database '{target}' is not empty (it has {found}); nothing was changed.",
                target,
                "Restore into a new database with -Create, replace this one with -Swap, or replace the backup's objects in it with -Clean."
            );
        }
    }
}
