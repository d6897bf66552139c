/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The UEFI door: \EFI\BOOT\BOOTX64.EFI. Reads the kernel, the archive and the command line from its own
 * volume, collects what only the firmware knows, ends the firmware's rule, and jumps.
 */
#include "boot/uefi/loader.h"

#define KERNEL_PATH         L"\\porthole\\kernel.elf"
#define ARCHIVE_PATH        L"\\porthole\\initrd.cpio"
#define COMMAND_LINE_PATH   L"\\porthole\\cmdline"
#define CR4_FIVE_LEVELS     (1UL << 12)
#define KEY_WAIT_100NS      (60ULL * 10000000)

typedef void (*kernel_entry)(struct boot_info *info) __attribute__((sysv_abi));

EFI_STATUS loader_fail(EFI_STATUS status, const CHAR16 *what, const CHAR16 *advice)
{
    Print(L"\nThe loader stops: %s.\n", what);
    if (EFI_ERROR(status))
        Print(L"The firmware says: %r.\n", status);
    Print(L"%s.\n", advice);
    return EFI_ERROR(status) ? status : EFI_LOAD_ERROR;
}

/* The first line of the file, without its end. */
static void copy_command_line(const struct file *file, struct boot_info *info)
{
    const char *text = (const char *)file->address;
    UINTN i;

    for (i = 0; i < file->bytes && i < BOOT_COMMAND_LINE_MAX - 1; i++) {
        if (text[i] == '\n' || text[i] == '\r' || text[i] == '\0')
            break;
        info->command_line[i] = text[i];
    }
    info->command_line[i] = '\0';
}

/* The root of ACPI's tables: of version 2 if there is one. */
static uint64_t find_rsdp(void)
{
    EFI_GUID version1 = ACPI_TABLE_GUID;
    EFI_GUID version2 = ACPI_20_TABLE_GUID;
    uint64_t rsdp = 0;

    for (UINTN i = 0; i < ST->NumberOfTableEntries; i++) {
        EFI_CONFIGURATION_TABLE *table = &ST->ConfigurationTable[i];

        if (CompareGuid(&table->VendorGuid, &version2) == 0)
            return (uint64_t)table->VendorTable;
        if (CompareGuid(&table->VendorGuid, &version1) == 0)
            rsdp = (uint64_t)table->VendorTable;
    }
    return rsdp;
}

static EFI_STATUS make_boot_info(struct boot_info **result)
{
    EFI_PHYSICAL_ADDRESS address = 0xffffffff;
    EFI_STATUS status = BS->AllocatePages(AllocateMaxAddress, EfiLoaderData,
                                          EFI_SIZE_TO_PAGES(sizeof(struct boot_info)), &address);

    if (EFI_ERROR(status))
        return loader_fail(status, L"no memory for the boot information",
                           L"Give the machine more memory");
    *result = (struct boot_info *)address;
    SetMem(*result, sizeof(**result), 0);
    (*result)->magic = BOOT_INFO_MAGIC;
    CopyMem((*result)->door, "uefi", 5);
    return EFI_SUCCESS;
}

static EFI_STATUS check_machine(void)
{
    uint64_t cr4;

    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    if (cr4 & CR4_FIVE_LEVELS)
        return loader_fail(EFI_UNSUPPORTED, L"the firmware uses five-level page tables",
                           L"Switch them off in the firmware's set-up; in QEMU: -cpu max,-la57");
    return EFI_SUCCESS;
}

/* Everything up to the point of no return. */
static EFI_STATUS prepare(EFI_HANDLE image, struct boot_info **info, EFI_PHYSICAL_ADDRESS *entry)
{
    struct file kernel, archive, command_line;
    EFI_STATUS status = check_machine();

    if (!EFI_ERROR(status))
        status = make_boot_info(info);
    if (!EFI_ERROR(status))
        status = file_read(image, KERNEL_PATH, FALSE, &kernel);
    if (!EFI_ERROR(status))
        status = kernel_load(&kernel, entry);
    if (!EFI_ERROR(status))
        status = file_read(image, ARCHIVE_PATH, TRUE, &archive);
    if (!EFI_ERROR(status))
        status = file_read(image, COMMAND_LINE_PATH, TRUE, &command_line);
    if (EFI_ERROR(status))
        return status;
    copy_command_line(&command_line, *info);
    (*info)->initrd_start = archive.address;
    (*info)->initrd_end = archive.address + archive.bytes;
    (*info)->acpi_rsdp = find_rsdp();
    screen_describe(&(*info)->framebuffer);
    return EFI_SUCCESS;
}

/* Leaves the message on the screen for a minute, or until a key is pressed. */
static void wait_for_key(void)
{
    EFI_EVENT events[2];
    UINTN which;

    if (EFI_ERROR(BS->CreateEvent(EVT_TIMER, TPL_APPLICATION, NULL, NULL, &events[1])))
        return;
    events[0] = ST->ConIn->WaitForKey;
    BS->SetTimer(events[1], TimerRelative, KEY_WAIT_100NS);
    Print(L"Press a key to go back to the firmware.\n");
    BS->WaitForEvent(2, events, &which);
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system_table)
{
    struct boot_info *info = NULL;
    EFI_PHYSICAL_ADDRESS entry = 0;
    EFI_STATUS status;

    InitializeLib(image, system_table);
    status = prepare(image, &info, &entry);
    if (!EFI_ERROR(status))
        status = memory_take(image, info);
    if (EFI_ERROR(status)) {
        wait_for_key();
        return status;
    }
    ((kernel_entry)entry)(info);
    return EFI_LOAD_ERROR;      /* the kernel does not come back */
}
