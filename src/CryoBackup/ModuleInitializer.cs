using System.Management.Automation;
using System.Reflection;
using System.Runtime.Loader;

namespace CryoBackup;

/// <summary>
/// The bridge between PowerShell and the engine: the engine and its packages load from bin/engine/ into a context of their own, so
/// their versions neither disturb those of other modules nor are disturbed by them.
/// </summary>
/// <remarks>
/// PowerShell loads every type of this assembly before it calls <see cref="OnImport"/>. No type here may therefore have a field,
/// or an automatic property, of one of the engine's value types: it could not be laid out without the engine.
/// </remarks>
public sealed class ModuleInitializer : IModuleAssemblyInitializer, IModuleAssemblyCleanup
{
    private const string EngineName = "CryoBackup.Engine";

    // One context for the life of the process: an import after a removal must meet the same types again.
    private static readonly EngineContext Engine = new();

    // Each runspace imports and removes for itself, but the handler is the process's: it goes with the last of them.
    private static readonly object ImportsLock = new();
    private static int _imports;

    /// <summary>Makes the engine available to the cmdlets.</summary>
    public void OnImport()
    {
        lock (ImportsLock)
        {
            if (_imports++ == 0)
            {
                AssemblyLoadContext.Default.Resolving += ResolveEngine;
            }
        }
    }

    /// <summary>Takes the handler away again.</summary>
    /// <param name="psModuleInfo">The module that is removed.</param>
    public void OnRemove(PSModuleInfo psModuleInfo)
    {
        lock (ImportsLock)
        {
            if (_imports > 0 && --_imports == 0)
            {
                AssemblyLoadContext.Default.Resolving -= ResolveEngine;
            }
        }
    }

    private static Assembly? ResolveEngine(AssemblyLoadContext context, AssemblyName name) =>
        string.Equals(name.Name, EngineName, StringComparison.Ordinal) ? Engine.LoadFromAssemblyName(name) : null;

    private sealed class EngineContext : AssemblyLoadContext
    {
        private readonly string _folder = Path.Combine(
            Path.GetDirectoryName(typeof(ModuleInitializer).Assembly.Location)!,
            "bin",
            "engine",
            Environment.Version.Major >= 10 ? "net10.0" : "net8.0"
        );

        internal EngineContext()
            : base(EngineName) { }

        protected override Assembly? Load(AssemblyName assemblyName)
        {
            string path = Path.Combine(_folder, assemblyName.Name + ".dll");
            return File.Exists(path) ? LoadFromAssemblyPath(path) : null;
        }
    }
}
