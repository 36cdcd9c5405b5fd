# The README, word for word from its top, by somebody who has never had CryoBackup: a clean profile, the package as it is installed, a folder
# that is empty, and a server with the databases that the README names. Each step runs in a shell of its own.
BeforeDiscovery {
    . $PSScriptRoot/HelpExamples.ps1
    # What is not done here, and why:
    #   ./build.sh demo, ./build.sh test  they run these tests themselves, and the demo
    #   pwsh ./build.ps1 Package          build.ps1 Test has made the package before these tests; it is what is installed here
    #   s3:// and three dots, twice       leaves open which bucket; Offsite.Tests.ps1 does it in stores
    $elsewhere = '^\./build\.sh demo|^pwsh \./build\.ps1 Package|\u2026'
    $steps = @(Get-ReadmeStep | Where-Object { $_.Code -notmatch $elsewhere })
    $counts = @(@{ Elsewhere = @(Get-ReadmeStep).Count - $steps.Count; Here = $steps.Count })
}

Describe 'The README' {
    BeforeAll {
        . $PSScriptRoot/TestSupport.ps1
        . $PSScriptRoot/HelpExamples.ps1
        . $PSScriptRoot/CleanProfile.ps1
        $root = Split-Path -Path $PSScriptRoot
        Initialize-ExampleServer
        $reader = (New-Item -ItemType Directory -Path (Join-Path $TestDrive 'reader')).FullName
        Enter-CleanProfile (Join-Path $TestDrive 'profile')
        # The reader's shell finds the tool where the README has put it; only what the README says brings it there.
        $env:PATH = (Join-Path $env:HOME '.local/bin'), (Split-Path -Path (Get-PgTool 'pg_restore')), $script:pathBefore -join [System.IO.Path]::PathSeparator
        $package = Get-ChildItem -Path (Join-Path $root 'output/package/*.nupkg') -ErrorAction Ignore | Select-Object -First 1
        if ($package) {
            $null = New-Item -ItemType Directory -Path (Join-Path $reader 'output/package')
            Copy-Item -LiteralPath $package.FullName -Destination (Join-Path $reader 'output/package')
        }
        else {
            # Without a packager the module lies where the package would have been installed.
            $version = (Import-PowerShellDataFile -LiteralPath (Join-Path $root 'output/CryoBackup/CryoBackup.psd1')).ModuleVersion
            $modules = (Invoke-FirstShell '($env:PSModulePath -split [System.IO.Path]::PathSeparator)[0]') | Select-Object -Last 1
            $null = New-Item -ItemType Directory -Path (Join-Path $modules 'CryoBackup') -Force
            Copy-Item -LiteralPath (Join-Path $root 'output/CryoBackup') -Destination (Join-Path $modules "CryoBackup/$version") -Recurse
        }

        # What an example leaves open, in the reader's folder.
        function Get-Text([string] $Code) {
            Push-Location -LiteralPath $reader
            try {
                # Stock tools are shown beside the backup.
                if ($Code -match '^gunzip -c app_') {
                    Copy-Item -Path ./backups/app_*.dump.gz -Destination .
                }

                Expand-Placeholder $Code
            }
            finally {
                Pop-Location
            }
        }
    }

    AfterAll {
        Exit-CleanProfile
        Clear-ExampleServer
    }

    It 'has <Here> steps that are done here, and <Elsewhere> that are not' -ForEach $counts {
        $Here | Should -BeGreaterThan 20
        $Elsewhere | Should -Be 4
    }

    It 'step <Number>: <Title>' -ForEach $steps {
        $missing = @(Get-MissingProgram $_) + @(if ($Code -match '^Register-PSResourceRepository' -and -not $package) { 'output/package' })
        if ($missing) {
            Set-ItResult -Skipped -Because "$($missing -join ', ') WAS NOT FOUND"
            return
        }

        switch ($Kind) {
            'File' {
                $null = New-Item -ItemType Directory -Path (Join-Path $reader 'config')
                Set-Content -LiteralPath (Join-Path $reader 'config/cryobackup.yaml') -Value $Code
            }
            'Shell' {
                $said = sh -e -c "cd '$reader'`n$(Get-Text $Code)" 2>&1
                $LASTEXITCODE | Should -Be 0 -Because ($said -join [Environment]::NewLine)
            }
            'PowerShell' {
                Set-Content -LiteralPath (Join-Path $TestDrive 'step.ps1') -Value (Get-Text $Code)
                # $ConfirmPreference stands for the person who answers yes.
                $said = Invoke-FirstShell "
                    Set-Location -LiteralPath '$reader'
                    `$ConfirmPreference = 'None'
                    `$results = & '$(Join-Path $TestDrive 'step.ps1')'
                    `$results | Where-Object { (`$_.PSObject.Properties['Verdict'] -and `$_.Verdict -ne 'Passed') -or (`$_.PSObject.Properties['Status'] -and `$_.Status -notin 'Restored', 'Planned') } | ForEach-Object { throw `"`$_`" }
                    `$results | Out-String -Width 200"
                $said -join "`n" | Should -Not -BeNullOrEmpty -Because 'something is shown'
            }
        }

        if ($Code -cmatch '-TargetDatabase|--target-database|NAME') {
            Initialize-ExampleDatabase
        }
    }
}
