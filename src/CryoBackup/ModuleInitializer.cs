using System.Management.Automation;
using System.Reflection;
using System.Runtime.CompilerServices;
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

    /// <summary>Makes the engine available to the cmdlets.</summary>
    public void OnImport()
    {
        AssemblyLoadContext.Default.Resolving -= ResolveEngine;
        AssemblyLoadContext.Default.Resolving += ResolveEngine;

        BindEngine();
    }

    /// <summary>Takes the handler away again.</summary>
    /// <param name="psModuleInfo">The module that is removed.</param>
    public void OnRemove(PSModuleInfo psModuleInfo) => AssemblyLoadContext.Default.Resolving -= ResolveEngine;

    /// <summary>
    /// Binds this assembly's reference to the engine, which the runtime then remembers: a removal in one runspace takes nothing from
    /// another. Apart from OnImport because the reference is bound when the method is compiled, which must be after the handler is there.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void BindEngine() => _ = typeof(EngineMessage).Assembly.FullName;

    private static Assembly? ResolveEngine(AssemblyLoadContext context, AssemblyName name)
        => string.Equals(name.Name, EngineName, StringComparison.Ordinal) ? Engine.LoadFromAssemblyName(name) : null;

    private sealed class EngineContext : AssemblyLoadContext
    {
        private readonly string _folder = Path.Combine(
            Path.GetDirectoryName(typeof(ModuleInitializer).Assembly.Location)!, "bin", "engine", Environment.Version.Major >= 10 ? "net10.0" : "net8.0");

        internal EngineContext()
            : base(EngineName)
        {
        }

        protected override Assembly? Load(AssemblyName assemblyName)
        {
            string path = Path.Combine(_folder, assemblyName.Name + ".dll");
            return File.Exists(path) ? LoadFromAssemblyPath(path) : null;
        }
    }
}
