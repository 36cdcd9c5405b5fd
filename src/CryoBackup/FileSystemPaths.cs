using System.Management.Automation;
using CryoBackup.Stores;

namespace CryoBackup;

/// <summary>Turns PowerShell's paths (drives, ~, wildcards, another provider's) into full paths of the file system,
/// which is all that the engine knows.</summary>
internal static class FileSystemPaths
{
    /// <summary>Resolves a path that is taken as it is written; it need not exist.</summary>
    /// <param name="session">The session, which knows the drives and the current location.</param>
    /// <param name="path">The path.</param>
    /// <param name="error">What to call it if there can be no such path.</param>
    /// <returns>The full path.</returns>
    /// <exception cref="CryoBackupException">The drive does not exist, or the path is not one of the file system.</exception>
    internal static string Literal(SessionState session, string path, CryoBackupError error)
    {
        PipedText.Refuse(path);
        StoreLocation.RefuseStore(path);
        try
        {
            string full = session.Path.GetUnresolvedProviderPathFromPSPath(path, out ProviderInfo provider, out _);
            RequireFileSystem(provider, path, error);
            return full;
        }
        catch (Exception exception) when (IsUnknownPath(exception))
        {
            throw Unknown(path, error, exception);
        }
    }

    /// <summary>Resolves paths that are taken as they are written, and leaves alone what is none.</summary>
    /// <param name="session">The session, which knows the drives and the current location.</param>
    /// <param name="given">Paths, or other words.</param>
    /// <param name="isPath">Tells them apart; null where all are paths.</param>
    /// <returns>Full paths, and the other words as they are.</returns>
    /// <exception cref="CryoBackupException">ConfigurationInvalid: the drive does not exist,
    /// or the path is not one of the file system.</exception>
    internal static string[] Literals(SessionState session, IEnumerable<string> given, Func<string, bool>? isPath = null) =>
        [.. given.Select(item => isPath is null || isPath(item) ? Literal(session, item, CryoBackupError.ConfigurationInvalid) : item)];

    /// <summary>Resolves a path with wildcards. One that matches nothing is taken as it is written,
    /// so that the engine says that it is missing.</summary>
    /// <param name="session">The session, which knows the drives and the current location.</param>
    /// <param name="path">The path.</param>
    /// <param name="error">What to call it if there can be no such path.</param>
    /// <returns>One or more full paths, of files and folders.</returns>
    /// <exception cref="CryoBackupException">The drive does not exist, or the path is not one of the file system.</exception>
    internal static IReadOnlyList<string> Matching(SessionState session, string path, CryoBackupError error)
    {
        PipedText.Refuse(path);
        StoreLocation.RefuseStore(path);
        if (Path.Exists(path) && Path.IsPathFullyQualified(path))
        {
            // What is there under this very name is meant, whatever brackets are in it.
            return [path];
        }

        try
        {
            IReadOnlyList<string> matches = session.Path.GetResolvedProviderPathFromPSPath(path, out ProviderInfo provider);
            RequireFileSystem(provider, path, error);
            if (matches.Count > 0)
            {
                return matches;
            }
        }
        catch (ItemNotFoundException)
        {
            // Falls through to the path as written.
        }
        catch (Exception exception) when (IsUnknownPath(exception))
        {
            throw Unknown(path, error, exception);
        }

        return [Literal(session, path, error)];
    }

    /// <summary>Resolves what was given as -Path or as -LiteralPath of backups, which may lie in a store.</summary>
    /// <param name="session">The session, which knows the drives and the current location.</param>
    /// <param name="path">The path.</param>
    /// <param name="literal">True where it is taken as it is written.</param>
    /// <param name="error">What to call it if there can be no such path.</param>
    /// <returns>One or more full paths, of files and folders, or the one location.</returns>
    /// <exception cref="CryoBackupException">The drive does not exist, the path is not one of the file system, or it is no
    /// location.</exception>
    internal static IReadOnlyList<string> Resolve(SessionState session, string path, bool literal, CryoBackupError error) =>
        StoreLocation.IsStore(path) ? [StoreLocation.Parse(path).ToString()]
        : literal ? [Literal(session, path, error)]
        : Matching(session, path, error);

    /// <summary>Resolves a folder of backups that is taken as it is written, or a location of a store.</summary>
    /// <param name="session">The session, which knows the drives and the current location.</param>
    /// <param name="path">The path.</param>
    /// <param name="error">What to call it if there can be no such path.</param>
    /// <returns>The full path, or the location.</returns>
    /// <exception cref="CryoBackupException">The drive does not exist, the path is not one of the file system, or it is no
    /// location.</exception>
    internal static string Place(SessionState session, string path, CryoBackupError error) =>
        Resolve(session, path, literal: true, error)[0];

    private static void RequireFileSystem(ProviderInfo provider, string path, CryoBackupError error)
    {
        if (!string.Equals(provider.Name, "FileSystem", StringComparison.OrdinalIgnoreCase))
        {
            throw new CryoBackupException(
                error,
                $"'{path}' is a path of the provider {provider.Name}. Backups lie in the file system.",
                path,
                "Give a folder or file of the file system."
            );
        }
    }

    private static bool IsUnknownPath(Exception failure) =>
        failure
            is SessionStateException
                or ProviderInvocationException
                or PSArgumentException
                or PSInvalidOperationException
                or NotSupportedException;

    private static CryoBackupException Unknown(string path, CryoBackupError error, Exception failure) =>
        new(error, $"'{path}' is not a path: {failure.Message}", path, "Check the drive and the spelling.", null, failure);
}
