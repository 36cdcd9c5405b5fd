using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

namespace CryoBackup.Cli;

/// <summary>
/// In the module the tool lies without an engine beside it (bin/tool/): it takes the one that the module has (bin/engine/), so that the
/// package holds it once.
/// </summary>
internal static class PackagedEngine
{
    private static readonly string s_folder = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "engine", "net10.0"));

    /// <summary>Before anything of the engine is named.</summary>
    [ModuleInitializer]
    internal static void Find() => AssemblyLoadContext.Default.Resolving += Load;

    private static Assembly? Load(AssemblyLoadContext context, AssemblyName name)
    {
        string file = Path.Combine(s_folder, name.Name + ".dll");
        return File.Exists(file) ? context.LoadFromAssemblyPath(file) : null;
    }
}
