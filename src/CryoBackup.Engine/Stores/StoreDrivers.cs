using System.Reflection;
using System.Runtime.ExceptionServices;
using System.Runtime.Loader;

namespace CryoBackup.Stores;

/// <summary>
/// Opens locations. The vendors' SDKs lie in a folder of their own and are loaded when such a location is named for the first time, into a
/// context of their own: other modules of the process have theirs in other versions.
/// </summary>
internal static class StoreDrivers
{
    private const string AssemblyName = "CryoBackup.Stores";

    // One context for the life of the process: types of two would not fit together.
    private static readonly Lazy<StoresContext> Context = new(() => new StoresContext(FindFolder()));

    /// <summary>Opens a location.</summary>
    /// <param name="location">The location; not a folder.</param>
    /// <param name="options">What it does not say.</param>
    /// <param name="observer">Learns of faults that were passed over.</param>
    /// <param name="firstPause">The mean of the first wait before something is tried again; null for the usual.</param>
    /// <returns>The store, which nothing was asked of yet.</returns>
    /// <exception cref="CryoBackupException">ToolNotFound: the part for such locations is not installed whole.</exception>
    public static Store Open(StoreLocation location, StoreOptions options, Action<EngineMessage> observer, TimeSpan? firstPause = null) =>
        new(
            location,
            location.Kind == StoreKind.Rclone ? new RcloneDriver(location) : Load(location, options.For(location.Kind)),
            observer,
            firstPause ?? options.FirstPause
        )
        {
            Place = $"{location} {options.FindEndpoint()}".TrimEnd(),
        };

    private static IStoreDriver Load(StoreLocation location, StoreOptions options)
    {
        try
        {
            Type entry = Context.Value.LoadFromAssemblyName(new AssemblyName(AssemblyName)).GetType("CryoBackup.Stores.Drivers", true)!;
            return (IStoreDriver)
                entry
                    .GetMethod("Open", BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)!
                    .Invoke(null, [location, options])!;
        }
        catch (TargetInvocationException exception) when (exception.InnerException is { } inner)
        {
            if (MissingPart(inner) is { } part)
            {
                throw NotInstalled(location, part, inner);
            }

            ExceptionDispatchInfo.Throw(inner);
            throw;
        }
        catch (Exception exception) when (MissingPart(exception) is { } part)
        {
            throw NotInstalled(location, part, exception);
        }
    }

    private static string? MissingPart(Exception exception) =>
        exception switch
        {
            FileNotFoundException { FileName: { } name } => new AssemblyName(name).Name,
            FileLoadException { FileName: { } name } => Path.GetFileNameWithoutExtension(name),
            BadImageFormatException { FileName: { } name } => Path.GetFileNameWithoutExtension(name),
            TypeInitializationException { InnerException: { } inner } => MissingPart(inner),
            _ => null,
        };

    private static CryoBackupException NotInstalled(StoreLocation location, string part, Exception inner) =>
        new(
            CryoBackupError.ToolNotFound,
            $"'{location}' needs the part of CryoBackup for object storage, and its file {part}.dll is missing from '{Folder}' or damaged.",
            part,
            "Install CryoBackup again, whole. Folders, and locations of rclone, work without it.",
            inner: inner
        );

    private static string Folder => Context.Value.Folder;

    /// <summary>Beside the engine in the tool, beside the engine's folder in the module.</summary>
    private static string FindFolder()
    {
        string engine = Path.GetDirectoryName(typeof(StoreDrivers).Assembly.Location)!;
        string beside = Path.Combine(engine, "stores");
        return Directory.Exists(beside) ? beside : Path.GetFullPath(Path.Combine(engine, "..", "..", "stores", Path.GetFileName(engine)));
    }

    private sealed class StoresContext(string folder) : AssemblyLoadContext(AssemblyName)
    {
        internal string Folder { get; } = folder;

        protected override Assembly? Load(AssemblyName assemblyName)
        {
            // The interface is this very engine's, in whatever context it lies.
            Assembly engine = typeof(StoreDrivers).Assembly;
            if (string.Equals(assemblyName.Name, engine.GetName().Name, StringComparison.Ordinal))
            {
                return engine;
            }

            string path = Path.Combine(Folder, assemblyName.Name + ".dll");
            return File.Exists(path) ? LoadFromAssemblyPath(path) : null;
        }
    }
}
