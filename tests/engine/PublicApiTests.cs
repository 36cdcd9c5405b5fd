using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.CompilerServices;

namespace CryoBackup.Tests;

/// <summary>
/// What is public is a list that a change has to touch: tests/engine/public-api.txt. With CRYOBACKUP_TEST_ACCEPT=1 the list is written
/// as it has become.
/// </summary>
[Trait("Runs", "Once")]
public sealed class PublicApiTests
{
    private static readonly string Root = Path.GetFullPath(Path.Combine(Here(), "../.."));

    private static readonly string Engine = typeof(BackupInfo).Assembly.Location;

    private static readonly string Module = Path.Combine(Root, "output", "CryoBackup", "CryoBackup.dll");

    [Fact]
    public void IsTheListedOne()
    {
        string list = Path.Combine(Here(), "public-api.txt");
        string[] now = [.. new[] { Engine, Module }.SelectMany(Describe)];
        if (Environment.GetEnvironmentVariable("CRYOBACKUP_TEST_ACCEPT") == "1")
        {
            File.WriteAllText(list, string.Join('\n', now) + "\n");
        }

        string[] listed = File.ReadAllLines(list);
        Assert.True(
            now.SequenceEqual(listed, StringComparer.Ordinal),
            $"New: {string.Join("; ", now.Except(listed))}\nGone: {string.Join("; ", listed.Except(now))}\n"
                + "If that is meant, run this test with CRYOBACKUP_TEST_ACCEPT=1."
        );
    }

    /// <summary>A type of the engine that neither host names, and that no public member of a named one has, is not for outside.</summary>
    [Fact]
    public void IsWhatSomebodyOutsideUses()
    {
        string tool = Path.Combine(Root, "output", "tool", "cryobackup.dll");
        string stores = Path.Combine(Root, "output", "CryoBackup", "bin", "stores", "net10.0", "CryoBackup.Stores.dll");
        HashSet<string> used =
        [
            .. new[] { Module, tool, stores }.SelectMany(TypesOfTheEngineIn),
            // Numbers of theirs stand in what was compiled, without their names.
            "CryoBackup.CompressionRange",
        ];
        Dictionary<string, HashSet<string>> named = TypesNamedBy(Engine);
        for (int before = 0; before != used.Count; )
        {
            before = used.Count;
            used.UnionWith(named.Where(pair => used.Contains(pair.Key)).SelectMany(pair => pair.Value).ToArray());
        }

        string[] unused = [.. named.Keys.Where(type => !used.Contains(type)).Order(StringComparer.Ordinal)];
        Assert.True(unused.Length == 0, $"Nobody outside uses these public types:\n{string.Join('\n', unused)}");
    }

    private static IEnumerable<string> Describe(string path)
    {
        using var file = new PEReader(File.OpenRead(path));
        MetadataReader metadata = file.GetMetadataReader();
        List<string> lines = [];
        foreach (TypeDefinition type in PublicTypes(metadata).OrderBy(type => Names.Of(metadata, type), StringComparer.Ordinal))
        {
            lines.Add(Names.Of(metadata, type));
            lines.AddRange(Members(metadata, type).Select(member => "    " + member).Order(StringComparer.Ordinal));
        }

        return lines;
    }

    private static IEnumerable<TypeDefinition> PublicTypes(MetadataReader metadata) =>
        metadata.TypeDefinitions.Select(metadata.GetTypeDefinition).Where(type => IsVisible(metadata, type));

    private static bool IsVisible(MetadataReader metadata, TypeDefinition type) =>
        (type.Attributes & TypeAttributes.VisibilityMask) switch
        {
            TypeAttributes.Public => true,
            TypeAttributes.NestedPublic => IsVisible(metadata, metadata.GetTypeDefinition(type.GetDeclaringType())),
            _ => false,
        };

    // What the compiler makes of a record is no decision of anybody's.
    private static IEnumerable<string> Members(MetadataReader metadata, TypeDefinition type) =>
        type.GetMethods()
            .Select(metadata.GetMethodDefinition)
            .Where(method => (method.Attributes & MethodAttributes.MemberAccessMask) is MethodAttributes.Public or MethodAttributes.Family)
            .Where(method =>
                metadata.GetString(method.Name) is var name && !name.Contains('<') && !name.StartsWith("op_", StringComparison.Ordinal)
            )
            .Where(method =>
                metadata.GetString(method.Name) is not ("Equals" or "GetHashCode" or "ToString" or "PrintMembers" or "get_EqualityContract")
            )
            .Select(method =>
            {
                MethodSignature<string> signature = method.DecodeSignature(new Names(), null);
                return $"{metadata.GetString(method.Name)}({string.Join(", ", signature.ParameterTypes)}) {signature.ReturnType}";
            })
            .Concat(
                type.GetFields()
                    .Select(metadata.GetFieldDefinition)
                    .Where(field => (field.Attributes & FieldAttributes.FieldAccessMask) == FieldAttributes.Public)
                    .Where(field => (field.Attributes & FieldAttributes.SpecialName) == 0)
                    .Select(field => metadata.GetString(field.Name))
            );

    private static HashSet<string> TypesOfTheEngineIn(string path)
    {
        using var file = new PEReader(File.OpenRead(path));
        MetadataReader metadata = file.GetMetadataReader();
        return [.. metadata.TypeReferences.Select(reference => Names.Of(metadata, metadata.GetTypeReference(reference)))];
    }

    /// <summary>Each public type, with the types that its bases and its public members name.</summary>
    private static Dictionary<string, HashSet<string>> TypesNamedBy(string path)
    {
        using var file = new PEReader(File.OpenRead(path));
        MetadataReader metadata = file.GetMetadataReader();
        return PublicTypes(metadata)
            .ToDictionary(
                type => Names.Of(metadata, type),
                type =>
                    (HashSet<string>)
                        [
                            .. Members(metadata, type).SelectMany(Words),
                            .. type.BaseType.IsNil ? [] : Words(Names.Of(metadata, type.BaseType)),
                            .. type.IsNested ? Words(Names.Of(metadata, metadata.GetTypeDefinition(type.GetDeclaringType()))) : [],
                        ],
                StringComparer.Ordinal
            );
    }

    private static string[] Words(string text) =>
        text.Split([' ', ',', '<', '>', '(', ')', '[', ']'], StringSplitOptions.RemoveEmptyEntries);

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

    /// <summary>Types by their names.</summary>
    private sealed class Names : ISignatureTypeProvider<string, object?>
    {
        public static string Of(MetadataReader metadata, TypeDefinition type) =>
            type.IsNested
                ? $"{Of(metadata, metadata.GetTypeDefinition(type.GetDeclaringType()))}.{metadata.GetString(type.Name)}"
                : $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}";

        public static string Of(MetadataReader metadata, TypeReference type) =>
            type.ResolutionScope.Kind == HandleKind.TypeReference
                ? $"{Of(metadata, metadata.GetTypeReference((TypeReferenceHandle)type.ResolutionScope))}.{metadata.GetString(type.Name)}"
                : $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}";

        public static string Of(MetadataReader metadata, EntityHandle type) =>
            type.Kind switch
            {
                HandleKind.TypeDefinition => Of(metadata, metadata.GetTypeDefinition((TypeDefinitionHandle)type)),
                HandleKind.TypeReference => Of(metadata, metadata.GetTypeReference((TypeReferenceHandle)type)),
                _ => metadata.GetTypeSpecification((TypeSpecificationHandle)type).DecodeSignature(new Names(), null),
            };

        public string GetArrayType(string elementType, ArrayShape shape) => elementType + "[,]";

        public string GetByReferenceType(string elementType) => "ref " + elementType;

        public string GetFunctionPointerType(MethodSignature<string> signature) => "*";

        public string GetGenericInstantiation(string genericType, ImmutableArray<string> typeArguments) =>
            $"{genericType.Split('`')[0]}<{string.Join(", ", typeArguments)}>";

        public string GetGenericMethodParameter(object? genericContext, int index) => $"!!{index}";

        public string GetGenericTypeParameter(object? genericContext, int index) => $"!{index}";

        public string GetModifiedType(string modifier, string unmodifiedType, bool isRequired) => unmodifiedType;

        public string GetPinnedType(string elementType) => elementType;

        public string GetPointerType(string elementType) => elementType + "*";

        public string GetPrimitiveType(PrimitiveTypeCode typeCode) => typeCode.ToString();

        public string GetSZArrayType(string elementType) => elementType + "[]";

        public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) =>
            Of(reader, reader.GetTypeDefinition(handle));

        public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) =>
            Of(reader, reader.GetTypeReference(handle));

        public string GetTypeFromSpecification(
            MetadataReader reader,
            object? genericContext,
            TypeSpecificationHandle handle,
            byte rawTypeKind
        ) => Of(reader, handle);
    }
}
