# What the guidelines for PowerShell modules ask for, wherever a machine can check it. What is particular to this module stands in
# Module.Tests.ps1; what its help must say, in Help.Tests.ps1.
BeforeDiscovery {
    . $PSScriptRoot/TestSupport.ps1
    $cmdlets = Get-Command -Module CryoBackup -CommandType Cmdlet | ForEach-Object { @{ Name = $_.Name } }
    $errors = [enum]::GetNames([CryoBackup.Commands.CryoBackupCmdlet].Assembly.GetType('CryoBackup.ErrorRecords').GetMethod('EndsCommand', [System.Reflection.BindingFlags] 'Static, NonPublic').GetParameters()[0].ParameterType) |
        ForEach-Object { @{ Name = $_ } }
}

BeforeAll {
    . $PSScriptRoot/TestSupport.ps1
    $root = Split-Path -Path $PSScriptRoot
    $assembly = [CryoBackup.Commands.CryoBackupCmdlet].Assembly
    $staticMember = [System.Reflection.BindingFlags] 'Static, NonPublic'
    # 'Connection' and the like are the cmdlets' own; a parameter must not be taken for one of the shell's.
    $reserved = $CommonParameters + 'Confirm', 'WhatIf' + [System.Management.Automation.Cmdlet]::OptionalCommonParameters

    function Get-OwnParameter($Command) {
        $Command.Parameters.Values | Where-Object Name -NotIn $CommonParameters
    }

    # In which sets a parameter is found, with its place in the pipeline.
    function Test-Flow($Parameter) {
        [bool] ($Parameter.ParameterSets.Values | Where-Object { $_.ValueFromPipeline -or $_.ValueFromPipelineByPropertyName })
    }
}

Describe '<Name>' -ForEach $cmdlets {
    BeforeAll {
        $command = Get-Command -Name $Name
        $type = $command.ImplementingType
        $attribute = $type.GetCustomAttributes([System.Management.Automation.CmdletAttribute], $false)[0]
        $own = @(Get-OwnParameter $command)
    }

    It 'has an approved verb, by its constant, and a singular noun of its own' {
        (Get-Verb).Verb | Should -Contain $command.Verb
        $command.Noun | Should -MatchExactly '^CryoBackup(Configuration)?$'
        $command.Noun | Should -Not -Match 's$'
    }

    It 'is a public sealed class named after it, derived from PSCmdlet' {
        $type.FullName | Should -BeExactly "CryoBackup.Commands.$($command.Verb)$($command.Noun)Command"
        $type.IsPublic -and $type.IsSealed | Should -BeTrue
        [System.Management.Automation.PSCmdlet].IsAssignableFrom($type) | Should -BeTrue
        [IDisposable].IsAssignableFrom($type) | Should -BeTrue
    }

    It 'works record by record, and can be stopped' {
        $flags = [System.Reflection.BindingFlags] 'Instance, NonPublic'
        $type.GetMethod('ProcessRecord', $flags).DeclaringType | Should -Be $type
        $type.GetMethod('StopProcessing', $flags).DeclaringType | Should -Not -Be ([System.Management.Automation.Cmdlet])
    }

    It 'asks before it changes the system, as loudly as it changes it' {
        $impact = @{ Copy = 'Medium'; New = 'Medium'; Protect = 'Low'; Remove = 'High'; Restore = 'High'; Unprotect = 'Medium' }[$command.Verb]
        $attribute.SupportsShouldProcess | Should -Be ([bool] $impact)
        if ($impact) {
            $attribute.ConfirmImpact | Should -Be $impact
        }
    }

    It 'says what it emits, by types that have a view' {
        $command.OutputType.Count | Should -BeGreaterThan 0
        foreach ($output in $command.OutputType.Type | Where-Object Namespace -EQ 'CryoBackup') {
            Get-FormatData -TypeName $output.FullName | Should -Not -BeNullOrEmpty
        }
    }

    It 'emits plain types, which survive serialisation' {
        foreach ($output in $command.OutputType.Type | Where-Object Namespace -EQ 'CryoBackup') {
            foreach ($property in $output.GetProperties()) {
                $property.PropertyType | Should -Not -Be ([DateTimeOffset])
                $property.Name | Should -Not -Match 'Password|Secret'
            }
        }
    }

    It 'has a default set, if it has several' {
        if ($command.ParameterSets.Count -gt 1) {
            $command.DefaultParameterSet | Should -BeIn $command.ParameterSets.Name
        }
    }

    It 'takes the pipeline in every set but one that names its record by parameters' {
        foreach ($set in $command.ParameterSets | Where-Object Name -NE 'Latest') {
            @($set.Parameters | Where-Object { $_.ValueFromPipeline -or $_.ValueFromPipelineByPropertyName }).Count | Should -BeGreaterThan 0 -Because $set.Name
        }
    }

    It 'takes one parameter a set by value from the pipeline, at most' {
        foreach ($set in $command.ParameterSets) {
            @($set.Parameters | Where-Object ValueFromPipeline).Count | Should -BeLessOrEqual 1 -Because $set.Name
        }
    }

    It 'has no two parameters of a set at one position' {
        foreach ($set in $command.ParameterSets) {
            $positions = @($set.Parameters | Where-Object Position -GE 0 | ForEach-Object Position)
            @($positions | Sort-Object -Unique).Count | Should -Be $positions.Count -Because $set.Name
        }
    }

    It 'has no target and no server that could come from the pipeline, but for the source of a backup' {
        $source = if ($command.Verb -eq 'New') { 'ComputerName', 'Port' } else { @() }
        foreach ($parameter in $own | Where-Object Name -In 'TargetDatabase', 'ComputerName', 'Port', 'Credential', 'SslMode' | Where-Object Name -NotIn $source) {
            Test-Flow $parameter | Should -BeFalse -Because $parameter.Name
        }
    }

    It 'names its parameters in PascalCase, singular, none like one of the shell' {
        foreach ($parameter in $own) {
            $parameter.Name | Should -MatchExactly '^[A-Z][A-Za-z]+$'
            # Not a plural: -Compress, -Address and the like end in a double s. PostgreSQL's own words -NoPrivileges, -Jobs and -IncludeGlobals stay.
            if ($parameter.Name -cnotin 'NoPrivileges', 'Jobs', 'IncludeGlobals') {
                $parameter.Name | Should -Not -MatchExactly '[^s]s$'
            }

            $parameter.Name | Should -Not -BeIn ($reserved | Where-Object { $_ -notin 'Confirm', 'WhatIf' })
        }
    }

    It 'has no alias that hides a parameter or another alias' {
        $all = @($command.Parameters.Values | ForEach-Object { $_.Name; $_.Aliases })
        @($all | Sort-Object -Unique).Count | Should -Be $all.Count
    }

    It 'has switches instead of booleans, and none is on by default' {
        $new = $type::new()
        try {
            foreach ($parameter in $own) {
                $parameter.ParameterType | Should -Not -Be ([bool]) -Because $parameter.Name
                if ($parameter.ParameterType -eq [switch] -and $parameter.Name -notin 'WhatIf', 'Confirm') {
                    $type.GetProperty($parameter.Name).GetValue($new).IsPresent | Should -BeFalse -Because $parameter.Name
                }
            }
        }
        finally {
            $new.Dispose()
        }
    }

    It 'offers LiteralPath, with the aliases PSPath and LP, wherever Path takes wildcards' {
        $path = $own | Where-Object Name -EQ 'Path'
        $path | Should -Not -BeNullOrEmpty
        if ($path.Attributes | Where-Object { $_ -is [System.Management.Automation.SupportsWildcardsAttribute] }) {
            $literal = $command.Parameters['LiteralPath']
            $literal.Aliases | Should -Be @('PSPath', 'LP')
            $literal.ParameterType | Should -Be $path.ParameterType
            $literal.ParameterSets.Values | Where-Object { -not $_.ValueFromPipelineByPropertyName -or $_.ValueFromPipeline -or -not $_.IsMandatory } | Should -BeNullOrEmpty
            $literal.Attributes | Where-Object { $_ -is [System.Management.Automation.SupportsWildcardsAttribute] } | Should -BeNullOrEmpty
        }
        else {
            $command.Parameters.Keys | Should -Not -Contain 'LiteralPath'
        }
    }

    It 'refuses an empty text or list where a name or a path is wanted' {
        foreach ($parameter in $own | Where-Object { $_.ParameterType -in [string], [string[]] -and $_.Name -ne 'Label' }) {
            $parameter.Attributes | Where-Object { $_ -is [System.Management.Automation.ValidateNotNullOrEmptyAttribute] } | Should -Not -BeNullOrEmpty -Because $parameter.Name
        }
    }

    It 'takes credentials as PSCredential with its transformation' {
        foreach ($parameter in $own | Where-Object Name -EQ 'Credential') {
            $parameter.ParameterType | Should -Be ([pscredential])
            $parameter.Attributes | Where-Object { $_ -is [System.Management.Automation.CredentialAttribute] } | Should -Not -BeNullOrEmpty
        }
    }
}

Describe 'All cmdlets together' {
    It 'give a parameter of one name one type, or a list of that type' {
        $byName = Get-Command -Module CryoBackup -CommandType Cmdlet | ForEach-Object { Get-OwnParameter $_ } | Group-Object Name
        foreach ($group in $byName) {
            @($group.Group | ForEach-Object { $_.ParameterType.IsArray ? $_.ParameterType.GetElementType() : $_.ParameterType } | Sort-Object FullName -Unique).Count |
                Should -Be 1 -Because $group.Name
        }
    }

    It 'write nothing past the pipeline' {
        foreach ($file in Get-ChildItem -Path (Join-Path $root 'src/CryoBackup') -Recurse -Filter *.cs) {
            Get-Content -LiteralPath $file.FullName -Raw | Should -Not -MatchExactly '\bConsole\.|Write-Host|\bShouldContinue\(' -Because $file.Name
        }
    }
}

Describe 'The manifest' {
    BeforeAll {
        $manifest = Test-ModuleManifest -Path $ModulePath -WarningAction Stop
        $data = Import-PowerShellDataFile -LiteralPath $ModulePath
    }

    It 'is valid, and true to what was built' {
        $manifest.RootModule | Should -Be 'CryoBackup.dll'
        $manifest.PowerShellVersion | Should -Be '7.4'
        $manifest.CompatiblePSEditions | Should -Be 'Core'
        foreach ($field in 'Author', 'CompanyName', 'Copyright', 'Description', 'Tags', 'ReleaseNotes') {
            $manifest.$field | Should -Not -BeNullOrEmpty -Because $field
        }
    }

    It 'exports exactly the cmdlets there are, and the tool by its name, and says so without a wildcard' {
        $built = $assembly.GetExportedTypes() | ForEach-Object { $_.GetCustomAttributes([System.Management.Automation.CmdletAttribute], $false) } |
            ForEach-Object { '{0}-{1}' -f $_.VerbName, $_.NounName }
        $data.CmdletsToExport | Sort-Object | Should -Be @($built | Sort-Object)
        , $data.FunctionsToExport | Should -Be @('cryobackup')
        foreach ($field in 'AliasesToExport', 'VariablesToExport') {
            , $data.$field | Should -BeOfType [array] -Because $field
            $data.$field.Count | Should -Be 0 -Because $field
        }
    }

    It 'has no relic of Windows PowerShell' {
        foreach ($field in 'CLRVersion', 'DotNetFrameworkVersion', 'PowerShellHostVersion', 'ProcessorArchitecture') {
            $data.Keys | Should -Not -Contain $field
        }
    }

    It 'names only files that are there, called after the product' {
        foreach ($file in @($data.RootModule) + $data.FormatsToProcess + $data.TypesToProcess) {
            $file | Should -Match '^CryoBackup\.'
            Join-Path (Split-Path $ModulePath) $file | Should -Exist
        }
    }
}

Describe 'The error <Name>' -ForEach $errors {
    It 'has a category of its own choice' {
        $records = $assembly.GetType('CryoBackup.ErrorRecords')
        $kind = $records.GetMethod('EndsCommand', $staticMember).GetParameters()[0].ParameterType
        $category = $records.GetMethod('CategoryOf', $staticMember).Invoke($null, @([enum]::Parse($kind, $Name)))
        $category | Should -Not -Be ([System.Management.Automation.ErrorCategory]::NotSpecified)
        $Name | Should -MatchExactly '^[A-Z][A-Za-z]+$'
    }
}

Describe 'Scripts' {
    It 'have nothing that PSScriptAnalyzer would report, nor has the manifest as built' {
        if (-not (Get-Module -ListAvailable -Name PSScriptAnalyzer)) {
            Set-ItResult -Skipped -Because 'PSScriptAnalyzer WAS NOT FOUND'
            return
        }

        $scripts = Get-ChildItem -LiteralPath $root -Recurse -File -Include *.ps1, *.psm1, *.psd1 |
            Where-Object FullName -NotMatch '[\\/](output|\.git)[\\/]' | Where-Object Name -NE 'CryoBackup.psd1' | ForEach-Object FullName
        $scripts.Count | Should -BeGreaterThan 20
        foreach ($script in @($scripts) + $ModulePath) {
            Invoke-ScriptAnalyzer -Path $script -Settings (Join-Path $root 'PSScriptAnalyzerSettings.psd1') |
                ForEach-Object { "$($_.RuleName), $($_.ScriptName) line $($_.Line): $($_.Message)" } | Should -BeNullOrEmpty
        }
    }
}
